//! One cell of a list.

use std::sync::Arc;

use krateyard_shared::rows::Row;
use krateyard_shared::status::Health;
use leptos::ev;
use leptos::prelude::*;

use super::board::Board;
use crate::describe::health_of_part;
use crate::rows::columns::{Align, Cell, Column, Tone};
use crate::rows::usage::Reading;
use crate::rows::{Fold, Line};
use crate::view::parts::{cut_name, glyph, health_marks, hue, kind_glyph, shape, small_glyph, tag};

pub(super) fn is_right(column: &Column) -> bool {
    column.align == Align::Right
}

pub(super) fn cell_view(board: Board, column: &'static Column, line: &Line, row: &Arc<Row>, flash: bool) -> impl IntoView + use<> {
    if let Some(gauge) = column.gauge() {
        let row = Arc::clone(row);
        let reading = move || board.usage.with(|usage| usage.reading(gauge, &row));
        return view! { <td role="gridcell" class="r soft">{move || reading().map_or_else(|| "-".into_any(), |reading| reading_view(reading).into_any())}</td> }
            .into_any();
    }
    let now = board.desk.workspace.now_ms().get_untracked() as i64 / 1000;
    let Cell { text, why, tone } = column.cell(row, now);
    let class = match (is_right(column), tone) {
        (true, Tone::Muted) => "r muted",
        (true, _) => "r soft",
        (false, Tone::Muted) => "muted",
        (false, _) => "",
    };
    if column.is_name() {
        let class = format!("obj {}", hue(row.namespace.as_deref()));
        let indent = format!("padding-left:{}px", u32::from(line.depth) * INDENT_PX);
        return view! {
            <td role="gridcell" class:flash=flash title=row.namespace.clone()>
                <span class=class style=indent>{twist(board, line)}{glyph(kind_glyph(Some(row.kind)))}{cut_name(&text)}</span>
            </td>
        }
        .into_any();
    }
    if column.is_namespace() {
        return view! { <td role="gridcell">{tag(Some(&text), "")}</td> }.into_any();
    }
    if let Tone::Status(health) = tone {
        let (class, mark) = health_marks(health);
        let title = why.clone();
        // Only what waits has the room to say why; the rest says it in the tooltip.
        let why = (!why.is_empty() && health == Health::Pending).then(|| view! { <span class="why">{why}</span> });
        return view! { <td role="gridcell" class:flash=flash title=title><span class=format!("status {class}")>{shape(mark)}<span>{text}</span></span>{why}</td> }
            .into_any();
    }
    let (row, title, desk) = (Arc::clone(row), why, board.desk);
    let words = move || {
        let Cell { text, why, .. } = column.cell(&row, desk.now_secs());
        if why.starts_with('(') { format!("{text} {why}") } else { text }
    };
    view! { <td role="gridcell" class=class class:flash=flash title=title>{words}</td> }.into_any()
}

/// A number over a bar, as long as what it is held against is used.
fn reading_view(reading: Reading) -> impl IntoView + use<> {
    let Reading { words, of, part, is_limit } = reading;
    let title = if of.is_empty() { words.clone() } else { format!("{words} of {of}") };
    let bar = part.map(|part| {
        // What was only requested may be exceeded: that is no warning.
        let health = if is_limit { health_of_part(Some(part)) } else { Health::Ok };
        let class = if health == Health::Ok { "" } else { health_marks(health).0 };
        view! { <i class=class style=format!("--v:{:.0}%", (part * 100.0).clamp(0.0, 100.0))></i> }
    });
    view! { <span class="gauge" title=title>{words}{bar}</span> }
}

/// Opens and closes what stands below a line; where nothing does, as much room.
fn twist(board: Board, line: &Line) -> Option<AnyView> {
    let (id, fold) = (line.id, line.fold);
    let toggle = move |event: ev::MouseEvent| {
        event.stop_propagation();
        board.folds.update(|folds| folds.toggle(id));
    };
    match fold {
        _ if !board.is_tree.get_untracked() => None,
        Fold::None => Some(view! { <span class="twist none"></span> }.into_any()),
        fold => {
            let title = if fold == Fold::Open { "Close (left)" } else { "Open (right)" };
            Some(view! { <button class="twist" class:open=fold == Fold::Open tabindex="-1" title=title aria-label=title on:click=toggle>{small_glyph("right")}</button> }.into_any())
        }
    }
}

/// Words in the place of objects, across all columns.
pub(super) fn words_view(columns: usize, line: &Line, words: &Arc<str>) -> impl IntoView + use<> {
    let indent = format!("padding-left:{}px", u32::from(line.depth) * INDENT_PX);
    view! {
        <td role="gridcell" colspan=columns.to_string() class="muted" title=words.to_string()>
            <span class="obj" style=indent><span class="twist none"></span>{small_glyph("help")}<span class="cut">{words.to_string()}</span></span>
        </td>
    }
}

/// How far each level of a tree stands to the right.
const INDENT_PX: u32 = 16;
