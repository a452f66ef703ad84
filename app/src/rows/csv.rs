//! Rows as CSV (RFC 4180), as a person sees them: the columns on screen, in the order on screen.

use krateyard_shared::rows::Row;
use krateyard_shared::time::Seconds;

use super::columns::Column;
use super::usage::Usage;

/// Where a cell begins with one of these a spreadsheet may take it for a formula (OWASP, "CSV Injection").
const FORMULA: [char; 6] = ['=', '+', '-', '@', '\t', '\r'];

/// A head and a line for each row.
pub fn csv<'a>(columns: &[&Column], rows: impl IntoIterator<Item = &'a Row>, usage: &Usage, now: Seconds) -> String {
    let mut text = String::new();
    record(&mut text, columns.iter().map(|column| column.title.to_owned()));
    for row in rows {
        let cell = |column: &Column| match column.gauge() {
            Some(gauge) => usage.reading(gauge, row).map_or_else(String::new, |reading| reading.words),
            None => nothing(column.cell(row, now).text),
        };
        record(&mut text, columns.iter().map(|column| cell(column)));
    }
    text
}

/// The dash that stands for nothing on screen is nothing in a file.
fn nothing(text: String) -> String {
    if text == "-" { String::new() } else { text }
}

fn record(text: &mut String, cells: impl Iterator<Item = String>) {
    for (at, cell) in cells.enumerate() {
        if at > 0 {
            text.push(',');
        }
        push(text, &cell);
    }
    text.push_str("\r\n");
}

fn push(text: &mut String, cell: &str) {
    let is_formula = cell.starts_with(FORMULA) && cell.parse::<f64>().is_err();
    if !is_formula && !cell.contains([',', '"', '\r', '\n']) {
        text.push_str(cell);
        return;
    }
    text.push('"');
    if is_formula {
        // A spreadsheet takes what follows for text, and does not show it.
        text.push('\'');
    }
    text.push_str(&cell.replace('"', "\"\""));
    text.push('"');
}

#[cfg(test)]
mod tests {
    use krateyard_shared::kinds::Kind;
    use krateyard_shared::time::seconds;

    use super::*;
    use crate::rows::columns;
    use crate::rows::columns::choice::Choice;
    use crate::rows::fixtures::{crashing, event, running};

    #[test]
    fn a_list_becomes_the_columns_and_rows_on_screen() {
        let fitted = columns::fit::fit(columns::of(Kind::Pod), &Choice::parse("+Node\n+IP\n=tier"), 0, Column::is_namespace);
        let rows = [crashing("api-1", "web"), running("api-2", "payments")];
        let text = csv(&fitted.columns, &rows, &Usage::default(), seconds("2026-11-21T14:05:00Z").unwrap());
        assert_eq!(
            text,
            "Name,Namespace,Ready,Status,Restarts,Age,Node,IP,tier\r\n\
             api-1,web,0/1,CrashLoopBackOff,7,5m,node-a,,back\r\n\
             api-2,payments,1/1,Running,0,5m,node-a,10.1.2.3,back\r\n"
        );
    }

    #[test]
    fn what_a_spreadsheet_would_run_is_text_and_what_it_would_split_is_quoted() {
        let cell = |text: &str| {
            let mut out = String::new();
            push(&mut out, text);
            out
        };
        for (text, expected) in [
            ("plain", "plain"),
            ("-12.5", "-12.5"),
            ("=cmd|' /C calc'!A0", "\"'=cmd|' /C calc'!A0\""),
            ("+SUM(1,2)", "\"'+SUM(1,2)\""),
            ("@x", "\"'@x\""),
            ("-x", "\"'-x\""),
            ("\tx", "\"'\tx\""),
            ("a,b", "\"a,b\""),
            ("say \"hi\"", "\"say \"\"hi\"\"\""),
            ("two\nlines", "\"two\nlines\""),
            ("", ""),
        ] {
            assert_eq!(cell(text), expected, "{text:?}");
        }
    }

    #[test]
    fn an_event_with_a_sentence_stays_in_its_cell() {
        let text = csv(
            &columns::fit::fit(columns::of(Kind::Event), &Choice::default(), 0, |_| false).columns,
            &[event("e", "2026-11-21T14:00:00Z")],
            &Usage::default(),
            0,
        );
        assert_eq!(text.lines().count(), 2, "{text}");
    }
}
