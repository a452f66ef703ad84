//! The markup of one row.

use leptos::prelude::*;

use crate::logs::ansi::{Span, Style};
use crate::logs::line::{Field, Parsed, Sort, parse};
use crate::logs::picked::Matcher;
use crate::logs::shown::{Row, Shown};
use crate::logs::sources::Tag;
use crate::logs::{EntryId, Gap, Level, Line};
use crate::view::logs_window::log_view::{LogView, Times};

/// A row, or nothing when it is not kept any more.
pub(super) fn row_markup(view: LogView, id: EntryId) -> AnyView {
    let times = view.times.get_untracked();
    let offset_secs = view.offset_secs();
    view.shown.with_value(|shown| match shown.get(id) {
        Some(Row::Line { line, unfolded, chosen }) => line_markup(shown, id, line, (unfolded, chosen), times, offset_secs).into_any(),
        Some(Row::Gap(of, gap)) => gap_markup(of.and_then(|of| shown.sources().tag(of)), &gap, offset_secs).into_any(),
        None => ().into_any(),
    })
}

fn gap_markup(of: Option<Tag>, gap: &Gap, offset_secs: i64) -> impl IntoView + use<> {
    let class = if gap.is_loss() { "gap warn" } else { "gap" };
    view! { <div class=class role="separator">{of.map(tag_markup)}<span>{gap.words(offset_secs)}</span></div> }
}

fn tag_markup(tag: Tag) -> impl IntoView + use<> {
    view! { <i class=format!("whose s{}", tag.hue) title=tag.full>{tag.words}</i> }
}

fn line_markup(shown: &Shown, id: EntryId, line: &Line, (unfolded, chosen): (bool, bool), times: Times, offset_secs: i64) -> impl IntoView + use<> {
    let parsed = parse(&line.text);
    let is_current = shown.current() == Some(id);
    let marks = Marks { matcher: shown.matcher().cloned(), is_current };
    let mut class = String::from("row");
    if let Some(level) = line.level {
        class.push_str(match level {
            Level::Error => " e",
            Level::Warn => " w",
            Level::Info => " i",
            Level::Debug => " d",
        });
    }
    for (name, is) in [(" cont", line.continues), (" folds", !parsed.fields.is_empty()), (" open", unfolded), (" chosen", chosen)] {
        class.push_str(if is { name } else { "" });
    }
    let time = (times != Times::Off).then(|| {
        let clock = if line.continues { String::new() } else { line.at.clock(offset_secs) };
        view! { <time title=line.at.full()>{clock}</time> }
    });
    let letter = if line.continues { "" } else { line.level.map_or("", Level::letter) };
    let text = line_text(&parsed, &marks, unfolded);
    let fields = (unfolded && !parsed.fields.is_empty()).then(|| {
        let lines = parsed.fields.iter().map(|field| view! { <div>{field_markup(field, ": ", &marks)}</div> }).collect_view();
        view! { <div class="fields f">{lines}</div> }
    });
    let tag = shown.sources().tag(line.source).map(tag_markup);
    view! { <div class=class data-id=id.to_string()>{time}<b>{letter}</b>{tag}<span>{text}</span>{fields}</div> }
}

fn line_text(parsed: &Parsed, marks: &Marks, unfolded: bool) -> impl IntoView + use<> {
    let message = parsed.message.iter().map(|span| span_markup(span, marks)).collect_view();
    let fields = if unfolded {
        (!parsed.fields.is_empty()).then(|| view! { <span class="json">{format!("{{ {} }}", parsed.fields.len())}</span> }.into_any())
    } else {
        let fields = parsed.fields.iter().map(|field| view! { {" "}{field_markup(field, "=", marks)} }).collect_view();
        (!parsed.fields.is_empty()).then(|| view! { <span class="f">{fields}</span> }.into_any())
    };
    view! { {message}{unfolded.then_some(" ")}{fields} }
}

fn field_markup(field: &Field, between: &'static str, marks: &Marks) -> impl IntoView + use<> {
    let class = match field.sort {
        Sort::Number => "n",
        Sort::Word => "k",
        Sort::Text | Sort::Nested => "",
    };
    view! { <em>{marks.text(&field.key)}</em>{between}<q class=class>{marks.text(&field.value)}</q> }
}

fn span_markup(span: &Span, marks: &Marks) -> AnyView {
    let class = class_of(span.style);
    let text = marks.text(&span.text);
    if class.is_empty() { text } else { view! { <span class=class>{text}</span> }.into_any() }
}

fn class_of(style: Style) -> String {
    let mut class = Vec::new();
    let (text, ground) = if style.inverse { (style.ground, style.text) } else { (style.text, style.ground) };
    if let Some(colour) = text {
        class.push(format!("a{}", colour.0));
    }
    if let Some(colour) = ground {
        class.push(format!("ground bg{}", colour.0));
    }
    let marks = [
        ("inverse", style.inverse && ground.is_none()),
        ("bold", style.bold),
        ("dim", style.dim),
        ("italic", style.italic),
        ("under", style.underline),
        ("struck", style.struck),
    ];
    class.extend(marks.into_iter().filter(|(_, is)| *is).map(|(name, _)| name.to_owned()));
    class.join(" ")
}

/// What a search marks in a row.
struct Marks {
    matcher: Option<Matcher>,
    is_current: bool,
}

impl Marks {
    fn text(&self, text: &str) -> AnyView {
        let found = self.matcher.as_ref().map(|matcher| matcher.find(text)).unwrap_or_default();
        if found.is_empty() {
            return text.to_owned().into_any();
        }
        let class = if self.is_current { "cur" } else { "" };
        let mut pieces = Vec::with_capacity(found.len() * 2 + 1);
        let mut at = 0;
        for (from, to) in found {
            pieces.push(text[at..from].to_owned().into_any());
            pieces.push(view! { <mark class=class>{text[from..to].to_owned()}</mark> }.into_any());
            at = to;
        }
        pieces.push(text[at..].to_owned().into_any());
        pieces.into_any()
    }
}
