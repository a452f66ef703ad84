//! What the parts of one collection window share, and what a person does with what is selected.

use std::collections::HashSet;
use std::sync::Arc;

use krateyard_shared::kinds::{Kind, View};
use krateyard_shared::rows::Row;
use leptos::prelude::*;

use crate::browser::columns_memory::remember_columns;
use crate::describe::reference;
use crate::rows::columns::choice::Choice;
use crate::rows::columns::fit::Fitted;
use crate::rows::columns::{self, Column};
use crate::rows::sort::Order;
use crate::rows::tree::Folds;
use crate::rows::{Line, LineId, Selection, Usage};
use crate::store::Table;
use crate::view::desk::Desk;
use crate::view::parts::copy;
use crate::view::window_header::WindowHeader;
use crate::yard::{Collection, Content, Only, Point, Subject, WindowId, YardAction};

/// The label that charts give to everything of a release (helm.sh/docs/chart_best_practices/labels).
const INSTANCE: &str = "app.kubernetes.io/instance";
/// So many windows are opened at once: more hides what was asked for.
const MOST_OPENED: usize = 10;

/// Lines in the order in which they are shown.
pub type Lines = Arc<Vec<Line>>;

/// Which menu is open.
#[derive(Debug, Clone, Copy, PartialEq)]
#[allow(missing_docs)]
pub enum Menu {
    Columns,
    Export,
    Namespaces,
    /// Of the line under the cursor.
    Line(Point),
}

/// One collection window.
#[derive(Clone, Copy)]
pub struct Board {
    /// The desk.
    pub desk: Desk,
    /// The frame's header.
    pub header: WindowHeader,
    /// The window.
    pub window: StoredValue<WindowId>,
    /// Which objects it is about.
    pub about: StoredValue<Collection>,
    /// The kind; `None` for everything.
    pub kind: Option<Kind>,
    /// Whether rows of several namespaces are shown.
    pub spans_namespaces: bool,
    /// All rows.
    pub table: Signal<Arc<Table>>,
    /// What the objects use now.
    pub usage: Memo<Usage>,
    /// The measurements; `None` for a kind that is not measured.
    pub measured: Option<Signal<Arc<Table>>>,
    /// What the filter says.
    pub filter: RwSignal<String>,
    /// The order.
    pub order: RwSignal<Order>,
    /// The pointer is inside: nothing moves.
    pub is_frozen: RwSignal<bool>,
    /// A tree instead of a list.
    pub is_tree: RwSignal<bool>,
    /// What of the tree a person opened or closed.
    pub folds: RwSignal<Folds>,
    /// Lines that pass the filter, in order.
    pub lines: Memo<Lines>,
    /// What is selected.
    pub selection: RwSignal<Selection>,
    /// The columns that the person chose.
    pub choice: RwSignal<Choice>,
    /// How wide the list is, in pixels; 0 until it is known.
    pub width: RwSignal<i32>,
    /// Those that are shown.
    pub fitted: Memo<Fitted>,
    /// Changes when the list should take the keyboard.
    pub focus: RwSignal<u32>,
    /// The menu that is open.
    pub menu: RwSignal<Option<Menu>>,
    /// What the last action came to, in words.
    pub news: RwSignal<String>,
    /// Which of the page's boards this is.
    pub serial: u32,
}

impl Board {
    /// The name under which choices are kept: that of the resource.
    pub fn resource(&self) -> String {
        self.kind.map_or_else(String::new, |kind| kind.resource().to_string())
    }

    /// The columns that there are, whether shown or not.
    pub fn columns(&self) -> &'static [Column] {
        own_columns(self.kind.filter(|_| !self.is_tree.get_untracked()), &self.about.get_value())
    }

    /// Shows a tree instead of a list, or a list. Each has columns of its own, so that an order by one of them ends.
    pub fn show_tree(&self, tree: bool) {
        self.order.set(Order::ByHealth);
        self.selection.set(Selection::default());
        self.is_tree.set(tree);
        self.choose(|choice| choice.is_tree = tree);
    }

    /// Changes the choice of columns, and remembers it.
    pub fn choose(&self, change: impl FnOnce(&mut Choice)) {
        self.choice.update(change);
        let user = self.desk.user.get_value();
        self.choice.with_untracked(|choice| remember_columns(&user, &self.resource(), choice));
    }

    /// Closes the menu; the list has the keyboard again.
    pub fn close_menu(&self) {
        self.menu.set(None);
        self.focus.update(|times| *times += 1);
    }

    /// The objects that are selected, each once, in their order.
    pub fn selected(&self) -> Vec<Arc<Row>> {
        self.selection.with_untracked(|selection| self.rows_where(|line| selection.holds(line)))
    }

    /// What an action on the list is about: several that are selected, else all that are shown.
    pub fn meant(&self) -> Vec<Arc<Row>> {
        if self.selection.with_untracked(Selection::len) > 1 { self.selected() } else { self.rows_where(|_| true) }
    }

    /// How many [`Board::meant`] are, to say so before.
    pub fn meant_count(&self) -> usize {
        match self.selection.with(Selection::len) {
            0 | 1 => self.lines.with(|lines| lines.iter().filter(|line| line.row().is_some()).count()),
            many => many,
        }
    }

    /// Opens a view of one object; its default one for `None`. Of a release what carries its label is opened: it is no object.
    pub fn open(&self, row: &Row, view: Option<View>) {
        if row.kind == Kind::HelmRelease {
            let parts = Collection::everything(row.namespace.clone()).with_labels(format!("{INSTANCE}={}", row.name));
            return self.desk.open_default(Subject::Collection(parts), None);
        }
        let subject = Subject::Object(reference(row, &self.desk.cluster.get_value()));
        match view {
            Some(view) => self.desk.open(subject, Content::View(view), None),
            None => self.desk.open_default(subject, None),
        }
    }

    /// Opens the pods of an object beside it; `false` for one that has none.
    pub fn open_pods(&self, row: &Row) -> bool {
        let pods = Collection::pods_of(&reference(row, &self.desk.cluster.get_value()));
        if let Some(pods) = pods.clone() {
            self.desk.open_default(Subject::Collection(pods), None);
        }
        pods.is_some()
    }

    /// From now on the window is about this.
    pub fn retarget(&self, collection: Collection) {
        self.desk.act(YardAction::Retarget { window: self.window.get_value(), subject: Subject::Collection(collection) });
    }

    /// Opens a view of everything that is selected, as far as its kind has that view.
    pub fn open_selected(&self, view: View) {
        let rows: Vec<_> = self.selected().into_iter().filter(|row| row.kind.entry().views.contains(&view)).collect();
        let left = rows.len().saturating_sub(MOST_OPENED);
        self.news.set(if left > 0 { format!("Opened the first {MOST_OPENED}; {left} more are selected.") } else { String::new() });
        for row in rows.iter().take(MOST_OPENED) {
            self.open(row, Some(view));
        }
    }

    /// Puts the names of the selected objects on the clipboard, a line each.
    pub fn copy_names(&self) {
        let name = |row: &Arc<Row>| match &row.namespace {
            Some(namespace) if self.spans_namespaces => format!("{namespace}/{}", row.name),
            _ => row.name.clone(),
        };
        let names: Vec<_> = self.selected().iter().map(name).collect();
        self.news.set(format!("Copied {}.", names_of(names.len())));
        copy(names.join("\n"));
    }

    /// The id that a line has in the page, where other windows have lines as well.
    pub fn dom_id(&self, line: LineId) -> String {
        format!("line-{}-{line:x}", self.serial)
    }

    fn rows_where(&self, wanted: impl Fn(LineId) -> bool) -> Vec<Arc<Row>> {
        let mut seen = HashSet::new();
        self.lines.with_untracked(|lines| {
            let rows = lines.iter().filter(|line| wanted(line.id)).filter_map(Line::row);
            rows.filter(|row| seen.insert(row.uid.clone())).cloned().collect()
        })
    }
}

/// The columns that a list can have; `None` is of several kinds.
pub fn own_columns(kind: Option<Kind>, about: &Collection) -> &'static [Column] {
    match kind {
        Some(kind) => columns::of(kind),
        None if about.only == Some(Only::Attention) => columns::ATTENTION,
        None => columns::EVERYTHING,
    }
}

/// `1 name`, `3 names`.
fn names_of(count: usize) -> String {
    format!("{count} name{}", if count == 1 { "" } else { "s" })
}
