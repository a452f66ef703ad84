//! Who writes into one log window: the containers of a pod, or the pods of a workload, and how each of them is told apart.

use super::ansi;
use super::buffer::Gap;
use super::stamp::Stamp;

/// Hues by which sources are told apart (`--source-1` and on); more sources than that share them.
const HUES: usize = 8;
/// Characters of the last part of a pod's name that tell it apart; with a shorter one the part before it is needed as well (`db-0`).
const TELLING: usize = 4;

/// One container's log within a window.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Source {
    /// Name of the pod.
    pub pod: String,
    /// Name of the container.
    pub container: String,
}

impl Source {
    /// Pod and container.
    pub fn full(&self) -> String {
        format!("{}/{}", self.pod, self.container)
    }
}

/// What a row says of its source.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tag {
    /// A short word.
    pub words: String,
    /// Pod and container, whole.
    pub full: String,
    /// Which of the hues, from 1.
    pub hue: usize,
}

/// The sources of one window by their index; pods and containers in the order in which they came.
#[derive(Debug, Clone, Default)]
pub struct Sources {
    list: Vec<Source>,
    pods: Vec<String>,
    containers: Vec<String>,
}

impl Sources {
    /// A source is there. What was known under its index goes.
    pub fn set(&mut self, index: u32, source: Source) {
        if self.list.len() <= index as usize {
            self.list.resize_with(index as usize + 1, Source::default);
        }
        for (names, name) in [(&mut self.pods, &source.pod), (&mut self.containers, &source.container)] {
            if !names.contains(name) {
                names.push(name.clone());
            }
        }
        self.list[index as usize] = source;
    }

    /// A source.
    pub fn get(&self, index: u32) -> Option<&Source> {
        self.list.get(index as usize)
    }

    /// Names of the pods.
    pub fn pods(&self) -> &[String] {
        &self.pods
    }

    /// Names of the containers.
    pub fn containers(&self) -> &[String] {
        &self.containers
    }

    /// Indices of a pod's sources.
    pub fn of_pod<'a>(&'a self, pod: &'a str) -> impl Iterator<Item = u32> + 'a {
        (0..).zip(&self.list).filter(move |(_, source)| source.pod == pod).map(|(index, _)| index)
    }

    /// What rows say of a source: its pod where there are several, else its container; nothing while there is only one.
    pub fn tag(&self, index: u32) -> Option<Tag> {
        let source = self.get(index)?;
        let (pods, containers) = (self.pods.len() > 1, self.containers.len() > 1);
        let at = |names: &[String], name: &String| names.iter().position(|known| known == name).unwrap_or(0) % HUES + 1;
        let full = source.full();
        match (pods, containers) {
            (false, false) => None,
            (false, true) => Some(Tag { words: source.container.clone(), full, hue: at(&self.containers, &source.container) }),
            (true, false) => Some(Tag { words: short(&source.pod).into(), full, hue: at(&self.pods, &source.pod) }),
            (true, true) => Some(Tag { words: format!("{} {}", short(&source.pod), source.container), full, hue: at(&self.pods, &source.pod) }),
        }
    }

    /// A line as it stands in copies and files: time, source if it is `named`, text without escapes.
    pub fn write_line(&self, out: &mut String, source: u32, named: bool, at: Option<Stamp>, text: &str) {
        if let Some(at) = at {
            out.push_str(&at.full());
            out.push(' ');
        }
        if let Some(source) = self.get(source).filter(|_| named) {
            out.push_str(&source.full());
            out.push(' ');
        }
        out.push_str(&ansi::plain(text));
        out.push('\n');
    }

    /// A gap as it stands in copies and files.
    pub fn write_gap(&self, out: &mut String, of: Option<u32>, named: bool, gap: &Gap) {
        out.push_str("--- ");
        if let Some(source) = of.and_then(|of| self.get(of)).filter(|_| named) {
            out.push_str(&source.full());
            out.push_str(": ");
        }
        out.push_str(&gap.words(0));
        out.push('\n');
    }

    /// Whether lines have to say whose they are.
    pub fn is_several(&self) -> bool {
        self.pods.len() > 1 || self.containers.len() > 1
    }

    /// How many pods and containers there are: by which the words of tags change.
    pub fn kinds(&self) -> (usize, usize) {
        (self.pods.len(), self.containers.len())
    }

    /// Characters of the widest tag: 0 where there are none.
    pub fn width(&self) -> usize {
        (0..self.list.len() as u32).filter_map(|index| self.tag(index)).map(|tag| tag.words.chars().count()).max().unwrap_or(0)
    }
}

/// The end of a pod's name, by which pods of one workload are told apart: `x2k8q` of `web-7d9f8c-x2k8q`, `db-0` of `shop-db-0`.
pub fn short(pod: &str) -> &str {
    let cut = |text: &str| text.rfind('-');
    let Some(last) = cut(pod) else { return pod };
    if pod.len() - last > TELLING {
        return &pod[last + 1..];
    }
    cut(&pod[..last]).map_or(pod, |before| &pod[before + 1..])
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sources(names: &[(&str, &str)]) -> Sources {
        let mut sources = Sources::default();
        for (index, (pod, container)) in (0..).zip(names) {
            sources.set(index, Source { pod: (*pod).into(), container: (*container).into() });
        }
        sources
    }

    fn tags(sources: &Sources) -> Vec<(String, usize)> {
        (0..9).filter_map(|index| sources.tag(index)).map(|tag| (tag.words, tag.hue)).collect()
    }

    #[test]
    fn one_source_has_no_tag_containers_have_their_names_and_pods_their_ends() {
        assert!(tags(&sources(&[("web-7d-x2k8q", "app")])).is_empty());
        assert_eq!(tags(&sources(&[("web-7d-x2k8q", "app"), ("web-7d-x2k8q", "proxy")])), [("app".into(), 1), ("proxy".into(), 2)]);
        assert_eq!(tags(&sources(&[("shop-db-0", "db"), ("shop-db-1", "db")])), [("db-0".into(), 1), ("db-1".into(), 2)]);
        let both = sources(&[("web-7d-x2k8q", "app"), ("web-7d-x2k8q", "proxy"), ("web-7d-m9t4w", "app")]);
        assert_eq!(tags(&both), [("x2k8q app".into(), 1), ("x2k8q proxy".into(), 1), ("m9t4w app".into(), 2)]);
        assert_eq!((both.width(), both.of_pod("web-7d-x2k8q").collect::<Vec<_>>()), (11, vec![0, 1]));
    }

    #[test]
    fn the_end_of_a_name_that_tells_it_apart_is_found_in_every_name() {
        let names = [("web", "web"), ("db-0", "db-0"), ("shop-db-12", "db-12"), ("a-b", "a-b"), ("", ""), ("web-7d9f8c-x2k8q", "x2k8q"), ("-x", "-x")];
        for (name, end) in names {
            assert_eq!(short(name), end);
        }
    }
}
