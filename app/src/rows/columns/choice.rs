//! Which columns of a kind a person wants, remembered as text: `+Node` shown, `-Restarts` hidden, `=app` a label, `~` a tree. What is not named is as the kind has it.

use super::Column;

/// More label columns than anybody reads side by side.
pub const MOST_LABELS: usize = 8;
/// A label's key: a DNS subdomain of 253 characters, a slash, and a name of 63 (apimachinery, `IsQualifiedName`).
const LONGEST_KEY: usize = 253 + 1 + 63;

/// What a person chose for the lists of one kind.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Choice {
    columns: Vec<(String, bool)>,
    labels: Vec<String>,
    /// A tree instead of a list, where the kind has one.
    pub is_tree: bool,
}

impl Choice {
    /// Reads what was remembered; lines that mean nothing are left out.
    pub fn parse(text: &str) -> Choice {
        let mut choice = Choice::default();
        for line in text.lines() {
            match line.split_at_checked(1) {
                Some(("+", title)) => choice.columns.push((title.into(), true)),
                Some(("-", title)) => choice.columns.push((title.into(), false)),
                Some(("~", _)) => choice.is_tree = true,
                Some(("=", key)) => drop(choice.add_label(key)),
                _ => {}
            }
        }
        choice
    }

    /// To remember.
    pub fn text(&self) -> String {
        let columns = self.columns.iter().map(|(title, shown)| format!("{}{title}", if *shown { '+' } else { '-' }));
        let tree = self.is_tree.then(|| "~".to_owned());
        columns.chain(self.labels.iter().map(|key| format!("={key}"))).chain(tree).collect::<Vec<_>>().join("\n")
    }

    /// Whether the columns are as the kind has them.
    pub fn is_default(&self) -> bool {
        self.columns.is_empty() && self.labels.is_empty()
    }

    /// The columns are as the kind has them again.
    pub fn reset(&mut self) {
        *self = Choice { is_tree: self.is_tree, ..Choice::default() };
    }

    /// Whether a column is wanted, which is `by_default` unless the person said otherwise. A name always is.
    pub fn is_shown(&self, column: &Column, by_default: bool) -> bool {
        column.is_name() || self.said(column).unwrap_or(by_default)
    }

    /// Whether the person asked for it.
    pub fn is_asked(&self, column: &Column) -> bool {
        self.said(column) == Some(true)
    }

    /// Shows or hides a column.
    pub fn set(&mut self, column: &Column, shown: bool) {
        self.columns.retain(|(title, _)| title != column.title);
        self.columns.push((column.title.into(), shown));
    }

    /// The labels that have a column, in their order.
    pub fn labels(&self) -> &[String] {
        &self.labels
    }

    /// Gives a label a column.
    ///
    /// # Errors
    /// In words: no label has such a key, or there are [`MOST_LABELS`] already.
    pub fn add_label(&mut self, key: &str) -> Result<(), &'static str> {
        let is_allowed = |c: char| c.is_ascii_alphanumeric() || "-_./".contains(c);
        if key.is_empty() || key.len() > LONGEST_KEY || !key.chars().all(is_allowed) {
            return Err("A label's key has letters, digits, - _ . and one /");
        }
        if self.labels.iter().any(|known| known == key) {
            return Ok(());
        }
        if self.labels.len() >= MOST_LABELS {
            return Err("Eight label columns are the most");
        }
        self.labels.push(key.into());
        Ok(())
    }

    /// Takes a label's column away.
    pub fn remove_label(&mut self, key: &str) {
        self.labels.retain(|known| known != key);
    }

    fn said(&self, column: &Column) -> Option<bool> {
        self.columns.iter().find(|(title, _)| title == column.title).map(|(_, shown)| *shown)
    }
}

#[cfg(test)]
mod tests {
    use krateyard_shared::kinds::Kind;

    use super::*;
    use crate::rows::columns;

    #[test]
    fn what_is_remembered_is_what_was_chosen_and_nonsense_is_left_out() {
        let node = columns::of(Kind::Pod).iter().find(|column| column.title == "Node").unwrap();
        let mut choice = Choice::default();
        choice.set(node, true);
        choice.add_label("app.kubernetes.io/name").unwrap();
        assert_eq!(choice.text(), "+Node\n=app.kubernetes.io/name");
        assert_eq!(Choice::parse(&choice.text()), choice);
        choice.set(node, false);
        choice.remove_label("app.kubernetes.io/name");
        assert_eq!(choice.text(), "-Node");
        choice.is_tree = true;
        assert_eq!(Choice::parse(&choice.text()), choice);
        choice.reset();
        assert_eq!(choice.text(), "~");
        assert_eq!(Choice::parse("\n?\n=a b\n\u{e4}x").text(), "");
    }

    #[test]
    fn label_columns_are_bounded_and_each_is_there_once() {
        let mut choice = Choice::default();
        for at in 0..MOST_LABELS {
            choice.add_label("again").unwrap();
            if at + 1 < MOST_LABELS {
                choice.add_label(&format!("key-{at}")).unwrap();
            }
        }
        assert_eq!(choice.labels().len(), MOST_LABELS);
        assert!(choice.add_label("one-more").is_err());
    }
}
