/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_http_url.c: paths, queries, and the patterns of routes.
 */
#include "check.h"
#include "serve/http_url.h"

static char out[1000];

static void decodes_paths(void)
{
    CHECK(http_path_decode(SLICE("/"), out));
    CHECK_EQ_STR(out, "/");
    CHECK(http_path_decode(SLICE("/a%20b+c/%c3%A4"), out));
    CHECK_EQ_STR(out, "/a b+c/\xc3\xa4");
    CHECK(http_path_decode(SLICE("/.a/..b/..."), out));
    CHECK(http_path_decode(SLICE("//a/"), out));
}

static void refuses_paths(void)
{
    static const char *const paths[] = {
        "/%",     "/%2",       "/%2x",     "/%00",      "/%0a",
        "/%7f",   "/a%2fb",    "/a%2Fb",   "/..",       "/a/../b",
        "/.",     "/a/.",      "/%2e%2e/", "/%2e",      "/a/%2E./b",
        "/a\\b",  "/%5c..%5c", "/%ff",     "/%c0%af",   "/%ed%a0%80",
        "/\x1b[", "/a/..",     "/../",     "/%c3%a4/.."};
    for (size_t i = 0; i < sizeof(paths) / sizeof(paths[0]); i++)
        CHECK_MSG(!http_path_decode(slice_of(paths[i]), out), "%s", paths[i]);
}

static void finds_parameters(void)
{
    struct slice query = SLICE("a=1&b=x+y%26z&a=2&c&d=&%65=6&=7&a=3");
    CHECK(http_query_find(query, "a", 0, out));
    CHECK_EQ_STR(out, "1");
    CHECK(http_query_find(query, "a", 2, out));
    CHECK_EQ_STR(out, "3");
    CHECK(!http_query_find(query, "a", 3, out));
    CHECK(http_query_find(query, "b", 0, out));
    CHECK_EQ_STR(out, "x y&z");
    CHECK(http_query_find(query, "c", 0, out));
    CHECK_EQ_STR(out, "");
    CHECK(http_query_find(query, "d", 0, out));
    CHECK_EQ_STR(out, "");
    CHECK(http_query_find(query, "e", 0, out));
    CHECK_EQ_STR(out, "6");
    CHECK(!http_query_find(query, "f", 0, out));
    CHECK(!http_query_find(query, "A", 0, out));
    CHECK(http_query_find(SLICE("p=../%2F"), "p", 0, out));
    CHECK_EQ_STR(out, "..//");
    CHECK(!http_query_find((struct slice){NULL, 0}, "a", 0, out));
}

static void refuses_parameters(void)
{
    CHECK(!http_query_find(SLICE("a=%"), "a", 0, out));
    CHECK(!http_query_find(SLICE("a=%00"), "a", 0, out));
    CHECK(!http_query_find(SLICE("a=%0d%0a"), "a", 0, out));
    CHECK(!http_query_find(SLICE("a=%ff"), "a", 0, out));
}

static void fits_patterns(void)
{
    static const struct {
        const char *pattern;
        const char *path;
        bool fits;
    } cases[] = {
        {"/", "/", true},
        {"/", "/a", false},
        {"/a", "/a", true},
        {"/a", "/a/", false},
        {"/a/", "/a", false},
        {"/a", "/A", false},
        {"/a/{id}", "/a/7", true},
        {"/a/{id}", "/a/", false},
        {"/a/{id}", "/a/7/b", false},
        {"/a/{id}/b", "/a/7/b", true},
        {"/a/{id}/b", "/a//b", false},
        {"/{x}/{y}", "/1/2", true},
        {"/a", "*", false},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
        CHECK_MSG(http_path_fits(cases[i].pattern, cases[i].path) ==
                      cases[i].fits,
                  "%s %s", cases[i].pattern, cases[i].path);
    CHECK(slice_equal(http_path_param("/{x}/b/{y}", "/1/b/23", "y"),
                      SLICE("23")));
    CHECK(
        slice_equal(http_path_param("/{x}/b/{y}", "/1/b/23", "x"), SLICE("1")));
    CHECK(!http_path_param("/{x}/b", "/1/b", "z").ptr);
}

CHECK_MAIN(decodes_paths, refuses_paths, finds_parameters, refuses_parameters,
           fits_patterns)
