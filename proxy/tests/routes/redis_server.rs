//! A Redis as tests have one.

use std::hash::{BuildHasher as _, Hasher as _, RandomState};
use std::io::{Read, Write};
use std::net::TcpStream;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};

/// A Redis of this test's own, which keeps what it acknowledged whatever happens.
pub(crate) struct Redis {
    folder: PathBuf,
    port: u16,
    process: Option<Child>,
}

impl Redis {
    /// `None` where there is no Redis: the test says so.
    pub(crate) fn start(name: &str) -> Option<Redis> {
        let folder = std::env::temp_dir().join(format!("krateyard-redis-{name}-{}", std::process::id()));
        std::fs::create_dir_all(&folder).unwrap();
        let port = free_port();
        let mut redis = Redis { folder, port, process: None };
        redis.run()?;
        Some(redis)
    }

    pub(crate) fn run(&mut self) -> Option<()> {
        let mut command = Command::new("redis-server");
        command.args(["--bind", "127.0.0.1", "--save", "", "--appendonly", "yes", "--appendfsync", "always", "--port", &self.port.to_string(), "--dir"]);
        let process = command.arg(&self.folder).stdout(Stdio::null()).stderr(Stdio::null()).spawn().ok()?;
        self.process = Some(process);
        let until = std::time::Instant::now() + crate::bench::BOUND;
        while !self.answers().is_ok_and(|answers| answers) {
            assert!(std::time::Instant::now() < until, "redis does not start");
            std::thread::yield_now();
        }
        Some(())
    }

    /// Not while it reads what it had kept.
    fn answers(&self) -> std::io::Result<bool> {
        let mut stream = TcpStream::connect(("127.0.0.1", self.port))?;
        stream.write_all(b"PING\r\n")?;
        let mut answer = [0; 5];
        stream.read_exact(&mut answer)?;
        Ok(&answer == b"+PONG")
    }

    pub(crate) fn kill(&mut self) {
        if let Some(mut process) = self.process.take() {
            process.kill().unwrap();
            process.wait().unwrap();
        }
    }

    /// All that was ever written to it, as it stands in its log.
    pub(crate) fn log(&self) -> Vec<u8> {
        let files = std::fs::read_dir(self.folder.join("appendonlydir")).unwrap();
        files.flat_map(|file| std::fs::read(file.unwrap().path()).unwrap()).collect()
    }

    pub(crate) fn url(&self) -> String {
        format!("redis://127.0.0.1:{}", self.port)
    }
}

impl Drop for Redis {
    fn drop(&mut self) {
        self.kill();
        let _ = std::fs::remove_dir_all(&self.folder);
    }
}

/// Says that a test did not run, and why: it needs what `cargo xtask install` brings.
#[allow(clippy::print_stderr)]
pub(crate) fn without_redis() {
    eprintln!("skipped: there is no redis-server here");
}

/// A port that nobody listens on now, below those that the system gives to outgoing connections: it is still free when a program starts there, or starts anew.
pub(crate) fn free_port() -> u16 {
    let any = || 20_000 + (RandomState::new().build_hasher().finish() % 12_000) as u16;
    std::iter::repeat_with(any).find(|port| std::net::TcpListener::bind(("127.0.0.1", *port)).is_ok()).unwrap()
}
