//! Links to a krate and to a camera: what stands behind the `#` of the page's address. Readable, bounded, and read as what anybody may have written: it names
//! things and asks for nothing. What a later program adds is not understood and does no harm.
//!
//! `#krate=KEY&cluster=prod-eu-1&room=web&at=120,-40&of=Pod.v1/web/api-1&w=L&w=Y:Service.v1/web/api` and `#view=640,-20&zoom=0.92&cluster=prod-eu-1`: a `w`
//! for each window, its letter (`*` is a list) and, where that differs, what it is about. An object is `Kind.version.group/namespace/name`; a list is
//! `list:resource.group/namespace,namespace/part`, with `*` for every kind.

pub(in crate::yard) mod subject;

use krateyard_shared::identity::ClusterName;
use krateyard_shared::sync::room::Room;

use super::parcel::{PackedKrate, PackedWindow, Parcel};
use super::state::{Krate, KrateId, Point, Subject};
use super::stored::{content_of, letter};
use crate::canvas::Camera;
use crate::yard::{Rect, Size};

/// Longest link that is read, in bytes: chats cut longer ones.
pub const LONGEST: usize = 4_000;
/// A link is not made longer than this: windows that go past it are left out, but for the first.
const WRITTEN: usize = 1_900;
/// Longest name of anything that is named.
const LONGEST_NAME: usize = 253;
/// Windows of a link, at most.
const MOST_WINDOWS: usize = 24;

/// What a link leads to.
#[derive(Debug, Clone, PartialEq)]
pub enum Link {
    /// A krate, and what it is made of where it is gone.
    Krate(Box<KrateLink>),
    /// A place of the world.
    View(ViewLink),
}

/// A krate.
#[derive(Debug, Clone, PartialEq)]
#[allow(missing_docs)]
pub struct KrateLink {
    pub cluster: ClusterName,
    pub krate: KrateId,
    pub made_of: PackedKrate,
}

/// A place of the world.
#[derive(Debug, Clone, PartialEq)]
#[allow(missing_docs)]
pub struct ViewLink {
    pub cluster: ClusterName,
    pub centre: Point,
    pub zoom: f64,
}

/// Why a text is no link. What it says is not repeated: anybody may have written it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum NoLink {
    /// Something else stands there, such as the anchor of a page.
    #[error("there is no link")]
    Other,
    /// Longer than [`LONGEST`].
    #[error("this link is too long to be one of Krateyard's")]
    TooLong,
    /// Parts are missing or make no sense.
    #[error("this link is damaged: parts of it are missing or make no sense")]
    Damaged,
}

impl Link {
    /// The cluster that it leads to.
    pub fn cluster(&self) -> &ClusterName {
        match self {
            Link::Krate(link) => &link.cluster,
            Link::View(link) => &link.cluster,
        }
    }

    /// Reads what stands behind the `#`, with or without that.
    ///
    /// # Errors
    /// When it is none.
    pub fn read(fragment: &str) -> Result<Link, NoLink> {
        let fragment = fragment.strip_prefix('#').unwrap_or(fragment);
        let is_ours = ["krate=", "view="].iter().any(|first| fragment.starts_with(first));
        if !is_ours {
            return Err(NoLink::Other);
        }
        if fragment.len() > LONGEST {
            return Err(NoLink::TooLong);
        }
        read(fragment).ok_or(NoLink::Damaged)
    }

    /// As it stands behind the `#`; `None` where that would be too long.
    pub fn write(&self) -> Option<String> {
        let text = match self {
            Link::Krate(link) => write_krate(link),
            Link::View(ViewLink { cluster, centre, zoom }) => {
                format!("view={},{}&zoom={zoom:.3}&cluster={}", centre.x.round(), centre.y.round(), subject::encoded(&cluster.0))
            }
        };
        (text.len() <= LONGEST).then_some(text)
    }
}

impl KrateLink {
    /// The link to a krate.
    pub fn of(cluster: ClusterName, krate: &Krate) -> KrateLink {
        let state = super::YardState { krates: vec![krate.clone().into()], ..Default::default() };
        let mut made_of = Parcel::of(&state).krates.remove(0);
        made_of.windows.iter_mut().for_each(|window| window.size = None);
        made_of.minimised = false;
        KrateLink { cluster, krate: krate.id.clone(), made_of }
    }

    /// What makes it: in its room, or in another one.
    pub fn parcel(&self, room: Room) -> Parcel {
        Parcel { krates: vec![PackedKrate { room, ..self.made_of.clone() }], ..Parcel::default() }
    }

    /// The krate that it means among those that there are: the one of its key, else one of its room about the same with all its windows.
    pub fn find<'a>(&self, krates: &'a [std::sync::Arc<Krate>]) -> Option<&'a KrateId> {
        let named = krates.iter().find(|krate| krate.id == self.krate);
        let shows = |krate: &Krate, wanted: &PackedWindow| {
            let about = wanted.subject.as_ref().unwrap_or(&self.made_of.subject);
            krate.windows.iter().any(|window| window.content == wanted.content && krate.subject_of(window).is_same(about))
        };
        let is_like = |krate: &Krate| {
            // Who may not change the room has it among their own.
            let is_there = krate.room == self.made_of.room || krate.room == Room::Private;
            is_there && krate.subject.is_same(&self.made_of.subject) && self.made_of.windows.iter().all(|wanted| shows(krate, wanted))
        };
        named.or_else(|| krates.iter().rev().find(|krate| is_like(krate))).map(|krate| &krate.id)
    }
}

impl ViewLink {
    /// The link to what is in sight.
    pub fn of(cluster: ClusterName, camera: &Camera, viewport: Size) -> ViewLink {
        let seen: Rect = camera.visible(viewport);
        ViewLink { cluster, centre: seen.centre(), zoom: camera.zoom }
    }

    /// The camera for a screen of this size.
    pub fn camera(&self, viewport: Size) -> Option<Camera> {
        Camera::centred(self.centre, self.zoom, viewport).checked()
    }
}

fn write_krate(link: &KrateLink) -> String {
    let of = &link.made_of;
    let mut text = format!(
        "krate={}&cluster={}&room={}&at={},{}&of={}",
        subject::encoded(&link.krate),
        subject::encoded(&link.cluster.0),
        subject::encoded(&of.room.to_string()),
        of.at.x.round(),
        of.at.y.round(),
        subject::write(&of.subject)
    );
    for (number, window) in of.windows.iter().take(MOST_WINDOWS).enumerate() {
        let about = window.subject.as_ref().map(|subject| format!(":{}", subject::write(subject))).unwrap_or_default();
        let part = format!("&w={}{about}", letter(window.content));
        if number > 0 && text.len() + part.len() > WRITTEN {
            break;
        }
        text.push_str(&part);
    }
    text
}

fn read(fragment: &str) -> Option<Link> {
    let parts = || fragment.split('&').filter_map(|part| part.split_once('='));
    // Of parts that are there twice the first one counts.
    let part = |name: &str| parts().find(|(key, _)| *key == name).map(|(_, value)| value);
    let cluster = ClusterName(subject::name(part("cluster")?)?);
    if let Some(centre) = part("view") {
        let zoom = part("zoom").and_then(|zoom| zoom.parse().ok())?;
        let link = ViewLink { cluster, centre: point(centre)?, zoom };
        link.camera(Size::new(1.0, 1.0))?;
        return Some(Link::View(link));
    }
    let krate = subject::name(part("krate")?).filter(|key| key.len() <= 64 && key.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'_'))?;
    let room: Room = subject::decoded(part("room")?)?.parse().ok()?;
    let about = subject::read(part("of")?, &cluster)?;
    let windows: Option<Vec<PackedWindow>> = parts().filter(|(key, _)| *key == "w").take(MOST_WINDOWS).map(|(_, value)| window(value, &cluster)).collect();
    let made_of = PackedKrate { room, subject: about, at: part("at").and_then(point)?, minimised: false, windows: windows? };
    made_of.is_sound().then(|| Link::Krate(Box::new(KrateLink { cluster, krate: krate.into(), made_of })))
}

fn window(value: &str, cluster: &ClusterName) -> Option<PackedWindow> {
    let (content, about) = value.split_once(':').map_or((value, None), |(content, about)| (content, Some(about)));
    let subject: Option<Subject> = match about {
        Some(about) => Some(subject::read(about, cluster)?),
        None => None,
    };
    Some(PackedWindow { content: content_of(content)?, subject, size: None })
}

fn point(text: &str) -> Option<Point> {
    let (x, y) = text.split_once(',')?;
    let coordinate = |text: &str| text.parse::<f64>().ok().filter(|number| number.abs() <= 1_000_000.0);
    Some(Point::new(coordinate(x)?, coordinate(y)?).rounded())
}

#[cfg(test)]
mod tests;
