/* SPDX-License-Identifier: Apache-2.0 */
/* api_options.c: the options of an import or a preview, checked. */
#include "serve/api_options.h"

#include <stdlib.h>
#include <string.h>

uint64_t api_query_number(const struct http_request *request, const char *name,
                          uint64_t usual, uint64_t max)
{
    int64_t number;
    const char *text = http_request_query(request, name);
    if (!text || !integer_from_text(slice_of(text), &number) || number < 0)
        return usual;
    return (uint64_t)number < max ? (uint64_t)number : max;
}

void api_busy(struct http_response *response)
{
    http_header(response, "Retry-After", "%d", API_RETRY_AFTER_S);
    http_reply_error(response, 503,
                     "The server is busy with other previews and reports; try "
                     "again soon");
}

static int refuse(struct http_response *response, const char *text)
{
    http_reply_error(response, 400, "%s", text);
    return -1;
}

/* JSON that came inside a form has the limits of a body. */
static json_t *parse_object(const char *text)
{
    if (http_json_is_deep(text, strlen(text)))
        return NULL;
    json_t *object = json_loads(text, JSON_REJECT_DUPLICATES, NULL);
    if (json_is_object(object))
        return object;
    json_decref(object);
    return NULL;
}

/* A text option: the object's, or the query's; NULL: neither has it. */
static const char *text_option(const struct api_options *options,
                               const struct http_request *request,
                               const char *name)
{
    const json_t *value = json_object_get(options->object, name);
    const char *text = value && !json_is_null(value)
                           ? json_string_value(value)
                           : http_request_query(request, name);
    return text && *text ? text : NULL;
}

static bool add_map(struct api_options *options, const char *header,
                    const char *column)
{
    char *map;
    if (options->map_count == API_MAPS_MAX)
        return false;
    if (!options->maps)
        options->maps = calloc(API_MAPS_MAX, sizeof(*options->maps));
    if (!options->maps || (column ? asprintf(&map, "%s=%s", header, column)
                                  : asprintf(&map, "%s", header)) < 0)
        return false;
    options->maps[options->map_count++] = map;
    return true;
}

static bool take_maps(struct api_options *options,
                      const struct http_request *request)
{
    const char *header;
    json_t *column;
    json_t *mapping = json_object_get(options->object, "mapping");
    const char *map;
    if (mapping && !json_is_null(mapping) && !json_is_object(mapping))
        return false;
    json_object_foreach(mapping, header, column)
    {
        if (!json_is_string(column) && !json_is_null(column))
            return false;
        const char *name =
            json_is_string(column) ? json_string_value(column) : "";
        if (!add_map(options, header, name))
            return false;
    }
    for (size_t i = 0;
         (map = http_request_query_nth(request, "map", i)) != NULL; i++)
        if (!strchr(map, '=') || !add_map(options, map, NULL))
            return false;
    return true;
}

static bool take_method(struct job_request *request, const char *name)
{
    if (!name || strcmp(name, "auto") == 0)
        return true;
    for (int i = 0; i <= METHOD_COPY; i++) {
        if (strcmp(name, load_method_name((enum load_method)i)) == 0) {
            request->has_method = true;
            request->method = (enum load_method)i;
            return true;
        }
    }
    return false;
}

static bool take_separator(struct job_request *request, const char *text)
{
    if (!text)
        return true;
    if (strcmp(text, "tab") == 0)
        text = "\t";
    if (strlen(text) != 1 || !strchr(",;|\t", *text))
        return false;
    request->separator = *text;
    return true;
}

/* Only texts where texts belong. */
static bool object_is_sound(const json_t *object)
{
    static const char *const names[] = {"target", "table",  "sheet",
                                        "preset", "method", "separator"};
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        const json_t *value = json_object_get(object, names[i]);
        if (value && !json_is_string(value) && !json_is_null(value))
            return false;
    }
    return true;
}

int api_options_read(struct api_options *options, struct upload *upload,
                     struct http_request *request,
                     struct http_response *response)
{
    const char *fault = NULL;
    *options = (struct api_options){0};
    struct job_request *job = &options->request;
    const char *text =
        json_string_value(json_object_get(upload->fields, "options"));
    if (text && *text) {
        options->object = parse_object(text);
        if (!options->object || !object_is_sound(options->object))
            fault = "The options are not a JSON object of texts";
    }
    if (!fault && !take_maps(options, request))
        fault = "The mapping is not \"Header=column\"";
    if (!fault && !take_method(job, text_option(options, request, "method")))
        fault = "Invalid method. Use: auto, sequential, concurrent, batch, or "
                "copy";
    if (!fault &&
        !take_separator(job, text_option(options, request, "separator")))
        fault = "Invalid separator. Use: , ; | or tab";
    const char *preset = text_option(options, request, "preset");
    if (!fault && preset && strcmp(preset, "businesses") != 0)
        fault = "Invalid preset. Use: businesses";
    if (fault) {
        api_options_clear(options);
        return refuse(response, fault);
    }
    job->client = request->client;
    job->upload = upload;
    job->target = text_option(options, request, "target");
    job->table = text_option(options, request, "table");
    job->sheet = text_option(options, request, "sheet");
    job->preset = preset;
    job->maps = (const char *const *)options->maps;
    job->map_count = options->map_count;
    return 0;
}

void api_options_clear(struct api_options *options)
{
    for (size_t i = 0; i < options->map_count; i++)
        free(options->maps[i]);
    free(options->maps);
    json_decref(options->object);
    *options = (struct api_options){0};
}
