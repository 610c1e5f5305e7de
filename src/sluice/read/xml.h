/* SPDX-License-Identifier: Apache-2.0 */
/*
 * xml.h: a pull scanner for large XML parts.
 *
 * xml_next gives one event after the other over a window of the unpacked part:
 * an element opens, an element closes, or a piece of text. It checks that the
 * part is well-formed as far as it is read for a meaning: tags nest, attributes
 * are whole and not repeated, namespaces are resolved. A DOCTYPE is refused, so
 * there are no entities but the five that XML predefines. Bytes that are not
 * UTF-8 pass through: who takes a text checks it (xml_read_text does), so that
 * a bad text can cost its row and not the file. UTF-16 is converted on the way
 * in; other encodings are refused.
 *
 * What an event gives is borrowed until the next call.
 */
#ifndef SLUICE_XML_H
#define SLUICE_XML_H

#include "read/xml_state.h"
#include "read/xml_text.h"

enum xml_event { XML_ERROR = -1, XML_END, XML_OPEN, XML_CLOSE, XML_TEXT };

/* entry and zip are borrowed until xml_close. */
int xml_open(struct xml *x, const struct zip *zip,
             const struct zip_entry *entry, struct issue *why);
/* Also for one that xml_open refused, or that is all zeroes. */
void xml_close(struct xml *x);

/* XML_END only when the part was whole and its checksum right. */
enum xml_event xml_next(struct xml *x, struct issue *why);

/* After XML_OPEN: goes on behind the element's end. -1 with *why. */
int xml_skip(struct xml *x, struct issue *why);

/* After XML_OPEN: is it this element of SpreadsheetML? */
static inline bool xml_is(const struct xml *x, struct slice name)
{
    return x->ns == XML_NS_MAIN && slice_equal(x->name, name);
}

/* After XML_OPEN: an attribute without prefix; ptr is NULL if there is none. */
struct slice xml_attribute(const struct xml *x, struct slice name);

/*
 * After XML_OPEN: adds the element's own text, decoded, and goes on behind its
 * end; elements in it are skipped. Text beyond LIMIT_CELL_BYTES is dropped and
 * `bad` set. -1 with *why.
 */
int xml_read_text(struct xml *x, struct xml_text *text, struct issue *why);

/* Does a name without prefix, here, belong to SpreadsheetML? */
bool xml_default_is_main(const struct xml *x);

#endif
