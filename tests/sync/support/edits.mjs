// What people do to a document, at random: each takes a document and a source of numbers, as Yjs' own random tests (yjs/testHelper, `applyRandomTests`) want them.

import * as prng from "lib0/prng";
import * as Y from "yjs";
import { below, oneIn } from "./random.mjs";

const value = (gen, depth = 3) => {
  const simple = [null, undefined, true, false, below(gen, 1000), -below(gen, 2 ** 30), 0.1 * below(gen, 100), 2 ** 40 + below(gen, 9)];
  switch (below(gen, depth > 0 ? 6 : 4)) {
    case 0: return prng.oneOf(gen, simple);
    case 1: return prng.word(gen, 0, 12);
    case 2: return new Uint8Array(below(gen, 20)).fill(7);
    case 3: return prng.oneOf(gen, ["", "ü", "😀", "line\nline"]);
    case 4: return Array.from({ length: below(gen, 4) }, () => value(gen, depth - 1));
    default: return Object.fromEntries(Array.from({ length: below(gen, 4) }, (_, i) => [`k${i}`, value(gen, depth - 1)]));
  }
};

/** Arrays do not take this by itself. */
const listed = (gen) => value(gen) ?? null;

const shared = (gen) => {
  switch (below(gen, 3)) {
    case 0: { const map = new Y.Map(); map.set("a", value(gen)); return map; }
    case 1: { const array = new Y.Array(); array.insert(0, [listed(gen), listed(gen)]); return array; }
    default: return new Y.Text(prng.word(gen, 0, 8));
  }
};

const inArray = (doc, gen) => {
  const array = doc.getArray("array");
  const at = below(gen, array.length + 1);
  if (oneIn(gen, 3) && array.length > 0) {
    const from = below(gen, array.length);
    array.delete(from, 1 + below(gen, Math.min(4, array.length - from)));
  } else if (oneIn(gen, 5)) {
    array.insert(at, [shared(gen)]);
  } else {
    array.insert(at, Array.from({ length: 1 + below(gen, 4) }, () => listed(gen)));
  }
};

const inMap = (doc, gen) => {
  const map = doc.getMap("map");
  const key = prng.oneOf(gen, ["one", "two", "krate ü"]);
  if (oneIn(gen, 4)) map.delete(key);
  else map.set(key, oneIn(gen, 4) ? shared(gen) : value(gen));
};

const deeper = (doc, gen) => {
  const inner = [...doc.getMap("map").values(), ...doc.getArray("array")].filter((one) => one instanceof Y.Map || one instanceof Y.Array);
  if (inner.length === 0) return inMap(doc, gen);
  const one = prng.oneOf(gen, inner);
  if (one instanceof Y.Map) one.set(prng.oneOf(gen, ["a", "b"]), oneIn(gen, 3) ? shared(gen) : value(gen));
  else if (one.length > 0 && oneIn(gen, 2)) one.delete(below(gen, one.length), 1);
  else one.insert(below(gen, one.length + 1), [oneIn(gen, 3) ? shared(gen) : listed(gen)]);
};

const inText = (doc, gen) => {
  const text = doc.getText("text");
  const at = below(gen, text.length + 1);
  const span = Math.min(5, text.length - at);
  switch (below(gen, 5)) {
    case 0: return text.delete(at, span);
    case 1: return text.format(at, span, { bold: oneIn(gen, 2) ? true : null, link: oneIn(gen, 3) ? "/a" : null });
    case 2: return text.insertEmbed(at, { image: prng.word(gen, 1, 5) }, oneIn(gen, 2) ? { width: 100 } : {});
    default: return text.insert(at, prng.oneOf(gen, ["x", "two words", "ü"]), oneIn(gen, 3) ? { italic: true } : undefined);
  }
};

// Between the halves of a pair of surrogates as well: without formats, since Yjs splits a pair of which a format that changes nothing ends, on one copy alone.
const inPairs = (doc, gen) => {
  const text = doc.getText("pairs");
  const at = below(gen, text.length + 1);
  if (oneIn(gen, 3) && at < text.length) text.delete(at, 1 + below(gen, Math.min(3, text.length - at)));
  else text.insert(at, prng.oneOf(gen, ["😀", "😀😀", "a"]));
};

const inXml = (doc, gen) => {
  const xml = doc.get("xml", Y.XmlElement);
  if (oneIn(gen, 3) && xml.length > 0) return xml.delete(below(gen, xml.length), 1);
  if (oneIn(gen, 3)) return xml.setAttribute(prng.oneOf(gen, ["id", "class"]), prng.word(gen, 1, 6));
  xml.insert(below(gen, xml.length + 1), [oneIn(gen, 2) ? new Y.XmlElement("p") : new Y.XmlText(prng.word(gen, 0, 6))]);
};

const undone = new WeakMap();
const undo = (doc, gen) => {
  if (!undone.has(doc)) undone.set(doc, new Y.UndoManager([doc.getArray("array"), doc.getMap("map"), doc.getText("text")], { captureTimeout: 0 }));
  const manager = undone.get(doc);
  if (oneIn(gen, 2)) manager.undo();
  else manager.redo();
};

const several = (doc, gen) => doc.transact(() => { for (let i = 0; i < 3; i++) prng.oneOf(gen, [inArray, inMap, inText])(doc, gen); });

/** Those after which Yjs' own tests find copies equal to the last struct: not so where what is undone is kept, or what is inside of something deleted changes. */
export const PLAIN_EDITS = [inArray, inArray, inMap, inMap, inText, inText, inPairs, inXml, several];
export const EDITS = [...PLAIN_EDITS, deeper, undo];
