/* SPDX-License-Identifier: Apache-2.0 */
/* robots_txt.c: groups, rules, "*" and "$". */
#include "robots_txt.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#define RULES_MAX 1000 /* a longer file is read up to there */

struct rule {
    bool allow;
    char *path;
};

struct robots_txt {
    char *text; /* what the rules point into */
    size_t count;
    struct rule rules[RULES_MAX];
};

struct robots_txt *robots_txt_all(bool allowed)
{
    return robots_txt_parse(allowed ? "" : "User-agent: *\nDisallow: /",
                            allowed ? 0 : 25, "*");
}

/* "NAME: VALUE # comment", cut up in place; NULL when it is none. */
static char *cut(char *line, char **name)
{
    line[strcspn(line, "#\r")] = '\0';
    char *value = strchr(line, ':');
    if (!value)
        return NULL;
    *value++ = '\0';
    *name = line + strspn(line, " \t");
    (*name)[strcspn(*name, " \t")] = '\0';
    value += strspn(value, " \t");
    size_t size = strlen(value);
    while (size > 0 && (value[size - 1] == ' ' || value[size - 1] == '\t'))
        value[--size] = '\0';
    return value;
}

/* Takes the rules of the groups that name the agent; false: none names it. */
static bool take_groups(struct robots_txt *robots, char *text,
                        const char *agent)
{
    bool ours = false, named = false, in_rules = true;
    char *line, *name;

    while ((line = strsep(&text, "\n"))) {
        char *value = cut(line, &name);
        if (!value)
            continue;
        if (strcasecmp(name, "User-agent") == 0) {
            if (in_rules)
                ours = false; /* a new group */
            in_rules = false;
            if (strncasecmp(value, agent, strlen(agent)) == 0)
                ours = named = true;
            continue;
        }
        bool allow = strcasecmp(name, "Allow") == 0;
        if (!allow && strcasecmp(name, "Disallow") != 0)
            continue;
        in_rules = true;
        if (ours && *value && robots->count < RULES_MAX)
            robots->rules[robots->count++] = (struct rule){allow, value};
    }
    return named;
}

struct robots_txt *robots_txt_parse(const char *text, size_t size,
                                    const char *agent)
{
    struct robots_txt *robots = calloc(1, sizeof(*robots));

    for (int try = 0; robots && try < 2; try++) {
        free(robots->text);
        robots->text = strndup(text, size);
        if (!robots->text) {
            free(robots);
            return NULL;
        }
        if (take_groups(robots, robots->text, try == 0 ? agent : "*"))
            break;
    }
    return robots;
}

void robots_txt_free(struct robots_txt *robots)
{
    if (!robots)
        return;
    free(robots->text);
    free(robots);
}

/* A "*" fits anything, a "$" at the end only the end. */
static bool fits(const char *rule, const char *path)
{
    const char *star = NULL, *again = NULL;

    for (;;) {
        if (*rule == '*') {
            star = ++rule;
            again = path;
        } else if (!*rule || (*rule == '$' && !rule[1] && !*path)) {
            return true;
        } else if (*path && *rule == *path) {
            rule++;
            path++;
        } else if (star && *again) {
            rule = star; /* let the star take one more */
            path = ++again;
        } else {
            return false;
        }
    }
}

bool robots_txt_allows(const struct robots_txt *robots, const char *path)
{
    bool allowed = true;
    size_t longest = 0;

    for (size_t i = 0; i < robots->count; i++) {
        const struct rule *rule = &robots->rules[i];
        size_t size = strlen(rule->path);
        if (size >= longest && fits(rule->path, path)) {
            allowed =
                rule->allow || (size == longest && allowed && longest > 0);
            longest = size;
        }
    }
    return allowed;
}
