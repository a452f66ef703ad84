//! A small file system in memory, one for each container.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::{Arc, Mutex, PoisonError};

/// Bytes that one container may write.
const QUOTA: usize = 256 * 1024;

/// The file systems of all containers that somebody has been in.
#[derive(Debug, Default)]
pub(crate) struct AllFiles(Mutex<HashMap<String, Arc<Mutex<Files>>>>);

impl AllFiles {
    pub(crate) fn of(&self, key: &str, make: impl FnOnce() -> Files) -> Arc<Mutex<Files>> {
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        all.entry(key.to_owned()).or_insert_with(|| Arc::new(Mutex::new(make()))).clone()
    }
}

/// Files and folders by their absolute paths.
#[derive(Clone, Debug, Default)]
pub(crate) struct Files {
    files: BTreeMap<String, String>,
    folders: BTreeSet<String>,
}

impl Files {
    pub(crate) fn new(hostname: &str, namespace: &str, image: &str) -> Self {
        let mut files = Self::default();
        for folder in ["/", "/app", "/bin", "/dev", "/etc", "/home", "/proc", "/root", "/tmp", "/usr", "/usr/bin", "/var", "/var/log", "/var/run"] {
            files.folders.insert(folder.to_owned());
        }
        let secrets = "/var/run/secrets/kubernetes.io/serviceaccount";
        for (path, text) in [
            ("/etc/hostname", format!("{hostname}\n")),
            ("/etc/hosts", format!("# Kubernetes-managed hosts file.\n127.0.0.1\tlocalhost\n10.244.0.9\t{hostname}\n")),
            ("/etc/resolv.conf", format!("search {namespace}.svc.cluster.local svc.cluster.local cluster.local\nnameserver 10.96.0.10\noptions ndots:5\n")),
            ("/etc/os-release", "PRETTY_NAME=\"Debian GNU/Linux 12 (bookworm)\"\nNAME=\"Debian GNU/Linux\"\nVERSION_ID=\"12\"\nID=debian\n".to_owned()),
            ("/app/config.yaml", format!("image: {image}\nlisten: 0.0.0.0:8080\nlogLevel: info\n")),
            ("/app/VERSION", format!("{}\n", image.rsplit(':').next().unwrap_or_default())),
            ("/root/.profile", "export PS1='# '\n".to_owned()),
        ] {
            files.write(path, text);
        }
        files.write(&format!("{secrets}/namespace"), namespace.to_owned());
        files.write(&format!("{secrets}/token"), "(simulated)".to_owned());
        files
    }

    pub(crate) fn is_folder(&self, path: &str) -> bool {
        self.folders.contains(path)
    }

    pub(crate) fn read(&self, path: &str) -> Option<&str> {
        self.files.get(path).map(String::as_str)
    }

    /// Writes a file and makes its folders; says no when the quota is used up.
    pub(crate) fn write(&mut self, path: &str, text: String) -> bool {
        let used: usize = self.files.iter().filter(|(other, _)| *other != path).map(|(_, text)| text.len()).sum();
        if used + text.len() > QUOTA {
            return false;
        }
        let mut folder = path;
        while let Some((parent, _)) = folder.rsplit_once('/') {
            self.folders.insert(if parent.is_empty() { "/".to_owned() } else { parent.to_owned() });
            folder = parent;
        }
        self.files.insert(path.to_owned(), text);
        true
    }

    pub(crate) fn make_folder(&mut self, path: &str) {
        self.folders.insert(path.to_owned());
    }

    pub(crate) fn remove(&mut self, path: &str) -> bool {
        self.files.remove(path).is_some()
    }

    /// Names within a folder, with whether each is a folder and its size.
    pub(crate) fn list(&self, folder: &str) -> Vec<(String, bool, usize)> {
        let prefix = if folder == "/" { "/".to_owned() } else { format!("{folder}/") };
        let inside = |path: &str| path.strip_prefix(&prefix).filter(|rest| !rest.is_empty() && !rest.contains('/')).map(str::to_owned);
        let folders = self.folders.iter().filter_map(|path| inside(path)).map(|name| (name, true, 4096));
        let files = self.files.iter().filter_map(|(path, text)| inside(path).map(|name| (name, false, text.len())));
        let mut all: Vec<_> = folders.chain(files).collect();
        all.sort();
        all
    }
}

/// `path` seen from `folder`, without dots.
pub(crate) fn absolute(folder: &str, path: &str) -> String {
    let whole = if path.starts_with('/') { path.to_owned() } else { format!("{folder}/{path}") };
    let mut parts: Vec<&str> = Vec::new();
    for part in whole.split('/') {
        match part {
            "" | "." => {}
            ".." => {
                parts.pop();
            }
            part => parts.push(part),
        }
    }
    format!("/{}", parts.join("/"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_lose_their_dots() {
        assert_eq!(absolute("/app", "../etc/./hosts"), "/etc/hosts");
        assert_eq!(absolute("/", ".."), "/");
        assert_eq!(absolute("/app", "/tmp/"), "/tmp");
    }

    #[test]
    fn a_container_cannot_write_more_than_its_quota() {
        let mut files = Files::new("p", "n", "i");
        assert!(files.write("/tmp/a", "x".repeat(1000)));
        assert!(!files.write("/tmp/b", "x".repeat(QUOTA)));
        assert!(files.read("/tmp/b").is_none());
    }
}
