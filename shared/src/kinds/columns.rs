/// A column of a plain kind, as kubectl prints it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PrinterColumn {
    /// kubectl's title.
    pub title: &'static str,
    /// kubectl's priority 1: `-o wide` shows it, a table hides it until a person asks for it.
    pub wide: bool,
    /// What its cells hold.
    pub format: Format,
}

/// What the cells of a column hold; a single cell may still be empty.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    /// Words.
    Text,
    /// Numbers, quantities, `2/3`: they stand to the right.
    Number,
    /// Ages and spans of time.
    Age,
    /// The row's status word: its cell is empty, since the row says its status anyway.
    Status,
}

impl PrinterColumn {
    /// A column of words.
    pub const fn text(title: &'static str) -> PrinterColumn {
        PrinterColumn { title, wide: false, format: Format::Text }
    }

    /// A column of numbers, quantities or ratios.
    pub const fn number(title: &'static str) -> PrinterColumn {
        PrinterColumn { title, wide: false, format: Format::Number }
    }

    /// A column of ages.
    pub const fn age(title: &'static str) -> PrinterColumn {
        PrinterColumn { title, wide: false, format: Format::Age }
    }

    /// The column that shows the row's status.
    pub const fn status() -> PrinterColumn {
        PrinterColumn { title: "Status", wide: false, format: Format::Status }
    }

    /// The same column under another title.
    pub const fn titled(self, title: &'static str) -> PrinterColumn {
        PrinterColumn { title, ..self }
    }

    /// A column of words that is hidden until a person asks for it.
    pub const fn wide(title: &'static str) -> PrinterColumn {
        PrinterColumn { title, wide: true, format: Format::Text }
    }
}
