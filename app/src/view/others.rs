//! Others on the canvas: their cursors, over everything and in their colours.

use leptos::prelude::*;

use super::desk::desk;
use crate::yard::Point;

/// The cursors of everybody else's tabs. Each keeps its element, so that it glides.
#[component]
pub fn Cursors() -> impl IntoView {
    let (people, camera) = (desk().company.people, desk().camera);
    let keys = Memo::new(move |_| {
        people.with(|people| {
            let tabs = |person: &crate::people::Person| {
                person.tabs.iter().filter(|tab| tab.cursor.is_some()).map(|tab| (person.id.clone(), tab.key.clone())).collect::<Vec<_>>()
            };
            people.iter().flat_map(tabs).collect::<Vec<_>>()
        })
    });
    // They keep their size at every zoom: few as they are, each step is drawn.
    let zoom = move || keys.with(|keys| (!keys.is_empty()).then(|| format!("--zoom:{}", camera.get().zoom)));
    view! { <div class="cursors" style=zoom><For each=move || keys.get() key=|key| key.clone() let((person, tab))><Cursor person tab/></For></div> }
}

#[component]
fn Cursor(person: String, tab: String) -> impl IntoView {
    let people = desk().company.people;
    let (id, key) = (person.clone(), tab);
    let at = Memo::new(move |was: Option<&Option<Point>>| {
        let now = people.with(|people| people.iter().find(|known| known.id == id).and_then(|known| known.tabs.iter().find(|tab| tab.key == key)?.cursor));
        now.or(was.copied().flatten())
    });
    let who = people.with_untracked(|people| people.iter().find(|known| known.id == person).map(|known| (known.hue, known.short_name().to_owned())));
    let (hue, name) = who.unwrap_or((1, String::new()));
    view! {
        <div class=format!("peer-cursor p{hue}") aria-hidden="true" style=move || at.get().map(|at| format!("transform:translate({}px,{}px) scale(calc(1 / var(--zoom)))", at.x, at.y))>
            <svg viewBox="0 0 16 18"><path d="M1.5 1.5 14 8.2 8.6 9.8 6.2 15z"></path></svg>
            <span>{name}</span>
        </div>
    }
}

/// Who has a krate in focus, or selected it, as flags on its frame.
#[component]
pub fn KrateFlags(
    /// Its key.
    krate: String,
) -> impl IntoView {
    let people = desk().company.people;
    let here = Memo::new(move |_| {
        people.with(|people| {
            let of = |person: &crate::people::Person| {
                let has_focus = person.tabs.iter().any(|tab| tab.active.as_deref() == Some(&krate));
                let does = if has_focus { "has this krate in focus" } else { "selected this krate" };
                (has_focus || person.selected(&krate)).then(|| (person.hue, person.short_name().to_owned(), does))
            };
            people.iter().filter_map(of).collect::<Vec<_>>()
        })
    });
    move || {
        let here = here.get();
        (!here.is_empty()).then(|| {
            view! {
                <span class="flags">
                    {here.into_iter().map(|(hue, name, does)| view! { <span class=format!("peerflag p{hue}") title=does>{name}</span> }).collect_view()}
                </span>
            }
        })
    }
}
