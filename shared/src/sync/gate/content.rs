//! The content of an item (Yjs, `contentRefs`; yrs, `ItemContent::decode`).

use super::walk::Walk;
use super::{Refused, json, value};

// Yjs, `ContentDeleted.getRef` to `ContentDoc.getRef`.
const DELETED: u8 = 1;
const JSON: u8 = 2;
const BINARY: u8 = 3;
const STRING: u8 = 4;
const EMBED: u8 = 5;
const FORMAT: u8 = 6;
pub(super) const TYPE: u8 = 7;
const ANY: u8 = 8;
const DOC: u8 = 9;

// Yjs, `YArrayRefID` to `YXmlTextRefID`. The others that yrs writes (weak links, 7; documents, 9; undefined, 15) throw in Yjs.
const ARRAY: u8 = 0;
const MAP: u8 = 1;
const TEXT: u8 = 2;
const XML_ELEMENT: u8 = 3;
const XML_FRAGMENT: u8 = 4;
const XML_HOOK: u8 = 5;
const XML_TEXT: u8 = 6;

/// Content of a kind, of the struct that begins at `at`; answers how much of the clock it takes.
pub(super) fn check(walk: &mut Walk<'_>, kind: u8, at: usize) -> Result<u64, Refused> {
    match kind {
        DELETED => return walk.length("deleted content"),
        // Yjs has written none since 13.0 (`ContentAny`), and yrs reads one text too many.
        JSON => return Err(Refused::Disputed { what: "content of JSON", at }),
        BINARY => drop(walk.bytes("binary content")?),
        STRING => {
            let at = walk.at();
            // Clocks count in UTF-16, as JavaScript does.
            let length = walk.text("text")?.chars().map(char::len_utf16).sum::<usize>();
            return if length == 0 { Err(Refused::Empty { what: "text", at }) } else { Ok(length as u64) };
        }
        EMBED => json::check(walk, "embedded JSON")?,
        FORMAT => {
            walk.text("name of a format")?;
            json::check(walk, "value of a format")?;
        }
        TYPE => type_ref(walk)?,
        ANY => {
            let at = walk.at();
            let count = walk.count("count of values", 1)?;
            if count == 0 {
                return Err(Refused::Empty { what: "values", at });
            }
            for _ in 0..count {
                value::check(walk, 0)?;
            }
            return Ok(count);
        }
        DOC => {
            walk.text("name of a document")?;
            value::check(walk, 0)?;
        }
        _ => return Err(Refused::Unknown { what: "content", at }),
    }
    Ok(1)
}

fn type_ref(walk: &mut Walk<'_>) -> Result<(), Refused> {
    let at = walk.at();
    match walk.byte("type")? {
        ARRAY | MAP | TEXT | XML_FRAGMENT | XML_TEXT => Ok(()),
        XML_ELEMENT => walk.text("name of an element").map(drop),
        // Yjs writes its name, of which yrs knows nothing.
        XML_HOOK => Err(Refused::Disputed { what: "XML hook", at }),
        _ => Err(Refused::Unknown { what: "type", at }),
    }
}
