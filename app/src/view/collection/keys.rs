//! The keys of a list.

use krateyard_shared::kinds::View;
use leptos::ev;
use leptos::html;
use leptos::prelude::*;

use super::board::Board;
use super::list::ROW_PX;
use crate::browser::dom;
use crate::rows::{Fold, Line, Reach, Selection};

/// A key in the list: the cursor moves, lines are selected, objects are opened. What means nothing here goes on to the window and the page.
pub(super) fn pressed(board: Board, event: &ev::KeyboardEvent, node: NodeRef<html::Div>, height: RwSignal<f64>) {
    let lines = board.lines.get_untracked();
    let at = board.selection.with_untracked(|selection| selection.place(&lines));
    let command = event.ctrl_key() || event.meta_key();
    let page = (height.get_untracked() / ROW_PX).max(1.0) as usize;
    let last = lines.len().saturating_sub(1);
    let key = event.key();
    let to = match (key.as_str(), at) {
        _ if event.alt_key() => return opened(board, event, at.and_then(|at| lines.get(at))),
        ("ArrowDown" | "j", Some(at)) => (at + 1).min(last),
        ("ArrowUp" | "k", Some(at)) => at.saturating_sub(1),
        ("ArrowDown" | "ArrowUp", None) => 0,
        ("PageDown", at) => (at.unwrap_or(0) + page).min(last),
        ("PageUp", at) => at.unwrap_or(0).saturating_sub(page),
        ("Home", _) => 0,
        ("End", _) => last,
        ("ArrowRight" | "ArrowLeft", Some(at)) if board.is_tree.get_untracked() => match folded(board, &lines, at, key == "ArrowRight") {
            Some(to) => to,
            None => return taken(event, || ()),
        },
        ("a" | "A", _) if command => return taken(event, || board.selection.update(|selection| selection.all(&lines))),
        (" ", Some(at)) => return taken(event, || board.selection.update(|selection| selection.toggle(lines[at].id))),
        ("Escape", _) if board.selection.with_untracked(Selection::len) > 1 => return taken(event, || board.selection.update(Selection::clear)),
        ("Enter", Some(at)) => {
            if let Some(row) = lines[at].row() {
                taken(event, || board.open(row, None));
            }
            return;
        }
        _ => return,
    };
    taken(event, || {
        let reach = match (event.shift_key(), command) {
            (true, _) => Reach::Range,
            (false, true) => Reach::Keep,
            (false, false) => Reach::One,
        };
        board.selection.update(|selection| selection.go(&lines, to, reach));
        if let Some(node) = node.get_untracked() {
            let (row_top, seen_top, seen) = (to as f64 * ROW_PX, f64::from(node.scroll_top()), f64::from(node.client_height()));
            if row_top < seen_top {
                node.set_scroll_top(row_top as i32);
            } else if row_top + ROW_PX > seen_top + seen {
                node.set_scroll_top((row_top + ROW_PX - seen) as i32);
            }
        }
    });
}

/// Right opens a line, or goes into what is open; left closes it, or goes to what stands above. Gives where the cursor goes, if it does.
fn folded(board: Board, lines: &[Line], at: usize, right: bool) -> Option<usize> {
    let line = &lines[at];
    match (right, line.fold) {
        (true, Fold::Closed) | (false, Fold::Open) => {
            board.folds.update(|folds| folds.toggle(line.id));
            None
        }
        (true, Fold::Open) => Some(at + 1).filter(|to| *to < lines.len()),
        (true, Fold::None) => None,
        (false, _) => lines[..at].iter().rposition(|above| above.depth < line.depth),
    }
}

/// Alt and a letter: that view of the line under the cursor, or of everything that is selected.
fn opened(board: Board, event: &ev::KeyboardEvent, line: Option<&Line>) {
    let letter = dom::letter_of(event);
    if let (Some('P'), Some(row)) = (letter, line.and_then(Line::row))
        && board.open_pods(row)
    {
        return taken(event, || ());
    }
    let Some(view) = letter.and_then(View::from_letter) else { return };
    if board.selection.with_untracked(Selection::len) > 1 {
        return taken(event, || board.open_selected(view));
    }
    if let Some(row) = line.and_then(Line::row).filter(|row| row.kind.entry().views.contains(&view)) {
        taken(event, || board.open(row, Some(view)));
    }
}

/// The key was for us.
fn taken(event: &ev::KeyboardEvent, act: impl FnOnce()) {
    event.prevent_default();
    event.stop_propagation();
    act();
}
