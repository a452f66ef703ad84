//! The programs in a simulated container.

use std::time::Duration;

use super::files::absolute;
use super::io::Stream;
use super::shell::{Halt, Shell};

/// Programs that an exec finds besides shells.
pub(super) const PROGRAMS: &[&str] = &[
    "cat", "clear", "date", "df", "echo", "env", "false", "grep", "head", "hostname", "id", "kill", "ls", "mkdir", "ps", "pwd", "rm", "seq", "sleep", "stty",
    "tail", "touch", "true", "uname", "wc", "whoami", "yes",
];

/// Bytes that a program writes at once: what the runtime was recorded to send (exec/v5-big-output).
const CHUNK: usize = 4096;

/// Runs a program; answers its exit code.
pub(super) async fn run(shell: &mut Shell<'_>, words: &[String]) -> Result<i32, Halt> {
    let arguments: Vec<&str> = words[1..].iter().map(String::as_str).collect();
    match words[0].as_str() {
        "true" | ":" => Ok(0),
        "false" => Ok(1),
        "exit" => Err(Halt::Exit(arguments.first().and_then(|code| code.parse().ok()).map_or(shell.status, |code: i32| code & 0xff))),
        "echo" => echo(shell, &arguments).await,
        "pwd" => print(shell, &format!("{}\n", shell.folder.clone())).await,
        "cd" => cd(shell, &arguments).await,
        "ls" => ls(shell, &arguments).await,
        "cat" => cat(shell, &arguments).await,
        "env" | "export" if arguments.is_empty() => {
            let text: String = shell.environment.iter().map(|(key, value)| format!("{key}={value}\n")).collect();
            print(shell, &text).await
        }
        "export" => {
            for (key, value) in arguments.iter().filter_map(|argument| argument.split_once('=')) {
                shell.environment.retain(|(known, _)| known != key);
                shell.environment.push((key.to_owned(), value.to_owned()));
            }
            Ok(0)
        }
        "date" => {
            let format = arguments.first().and_then(|argument| argument.strip_prefix('+')).unwrap_or("%a %b %e %H:%M:%S UTC %Y");
            let text = jiff::Timestamp::now().strftime(format).to_string();
            print(shell, &format!("{text}\n")).await
        }
        "hostname" => print(shell, &format!("{}\n", shell.machine.hostname.clone())).await,
        "whoami" => print(shell, "root\n").await,
        "id" => print(shell, "uid=0(root) gid=0(root) groups=0(root)\n").await,
        "uname" if arguments.contains(&"-a") => {
            print(shell, &format!("Linux {} 6.1.0-28-amd64 #1 SMP Debian x86_64 GNU/Linux\n", shell.machine.hostname.clone())).await
        }
        "uname" => print(shell, "Linux\n").await,
        "ps" => {
            print(
                shell,
                &format!(
                    "PID   USER     TIME  COMMAND\n    1 root      0:03 {}\n 1042 root      0:00 sh\n 1057 root      0:00 ps\n",
                    shell.machine.main.clone()
                ),
            )
            .await
        }
        "df" => {
            print(shell, "Filesystem           1K-blocks      Used Available Use% Mounted on\noverlay              103079844  31458280  67311552  32% /\n")
                .await
        }
        "clear" => print(shell, "\x1b[H\x1b[2J\x1b[3J").await,
        "stty" => stty(shell, &arguments).await,
        "sleep" => {
            let seconds: f64 = arguments.first().and_then(|text| text.trim_end_matches('s').parse().ok()).unwrap_or(0.0);
            shell.io.sleep(Duration::from_secs_f64(seconds.clamp(0.0, 86_400.0))).await?;
            Ok(0)
        }
        "yes" => yes(shell, &arguments).await,
        "seq" => seq(shell, &arguments).await,
        "head" | "tail" | "grep" | "wc" => filter(shell, &words[0], &arguments).await,
        "touch" | "mkdir" | "rm" => change(shell, &words[0], &arguments).await,
        // to the shell itself: it has no other processes
        "kill" if arguments.contains(&"1042") => {
            let signal = arguments.first().and_then(|argument| argument.strip_prefix('-')).map_or(15, |name| match name {
                "KILL" => 9,
                "TERM" => 15,
                other => other.parse().unwrap_or(15),
            });
            Err(Halt::Exit(128 + signal))
        }
        "kill" => failed(shell, "kill: no such process", 1).await,
        "sh" | "bash" | "ash" if shell.machine.toolbox.has(&words[0]) => match arguments.iter().position(|argument| *argument == "-c") {
            Some(at) => match shell.script(arguments.get(at + 1).copied().unwrap_or_default()).await {
                Ok(()) => Ok(shell.status),
                Err(Halt::Exit(code)) => Ok(code),
                Err(stop) => Err(stop),
            },
            None => failed(shell, &format!("{}: only -c is understood within a shell here", words[0]), 2).await,
        },
        name => failed(shell, &format!("sh: {name}: not found"), 127).await,
    }
}

async fn print(shell: &mut Shell<'_>, text: &str) -> Result<i32, Halt> {
    for chunk in text.as_bytes().chunks(CHUNK) {
        shell.io.write(Stream::Out, chunk).await?;
    }
    Ok(0)
}

async fn failed(shell: &mut Shell<'_>, text: &str, code: i32) -> Result<i32, Halt> {
    shell.complain(text, code).await?;
    Ok(code)
}

async fn echo(shell: &mut Shell<'_>, arguments: &[&str]) -> Result<i32, Halt> {
    let flags = arguments.iter().take_while(|argument| matches!(**argument, "-n" | "-e" | "-ne" | "-en")).count();
    let (flags, rest) = arguments.split_at(flags);
    let mut text = rest.join(" ");
    if flags.iter().any(|flag| flag.contains('e')) {
        text = text.replace("\\n", "\n").replace("\\t", "\t").replace("\\033", "\x1b").replace("\\e", "\x1b");
    }
    if !flags.iter().any(|flag| flag.contains('n')) {
        text.push('\n');
    }
    print(shell, &text).await
}

async fn cd(shell: &mut Shell<'_>, arguments: &[&str]) -> Result<i32, Halt> {
    let wanted = arguments.first().copied().unwrap_or("/root");
    let path = absolute(&shell.folder, wanted);
    if with_files(shell, |files| files.is_folder(&path)) {
        shell.folder = path;
        return Ok(0);
    }
    failed(shell, &format!("sh: cd: can't cd to {wanted}: No such file or directory"), 2).await
}

async fn ls(shell: &mut Shell<'_>, arguments: &[&str]) -> Result<i32, Halt> {
    let long = arguments.iter().any(|argument| argument.starts_with('-') && argument.contains('l'));
    let wanted = arguments.iter().find(|argument| !argument.starts_with('-')).copied().unwrap_or(".");
    let path = absolute(&shell.folder, wanted);
    let (is_folder, is_file) = with_files(shell, |files| (files.is_folder(&path), files.read(&path).is_some()));
    if is_file {
        return print(shell, &format!("{wanted}\n")).await;
    }
    if !is_folder {
        return failed(shell, &format!("ls: {wanted}: No such file or directory"), 1).await;
    }
    let entries = with_files(shell, |files| files.list(&path));
    let colours = shell.io.tty;
    let shown: Vec<String> = entries
        .into_iter()
        .map(|(name, folder, size)| {
            let name = if folder && colours { format!("\x1b[1;34m{name}\x1b[0m") } else { name };
            let kind = if folder { "drwxr-xr-x    2" } else { "-rw-r--r--    1" };
            if long { format!("{kind} root     root     {size:>9} Nov  1 09:12 {name}") } else { name }
        })
        .collect();
    let text = if long || !colours { shown.join("\n") } else { shown.join("  ") };
    print(shell, &if text.is_empty() { text } else { text + "\n" }).await
}

async fn cat(shell: &mut Shell<'_>, arguments: &[&str]) -> Result<i32, Halt> {
    if arguments.is_empty() {
        if let Some(piped) = shell.piped.take() {
            shell.io.write(Stream::Out, &piped).await?;
            return Ok(0);
        }
        return copy_input(shell).await;
    }
    let mut code = 0;
    for wanted in arguments {
        let path = absolute(&shell.folder, wanted);
        match with_files(shell, |files| files.read(&path).map(str::to_owned)) {
            Some(text) => code = code.max(print(shell, &text).await?),
            None => code = failed(shell, &format!("cat: can't open '{wanted}': No such file or directory"), 1).await?,
        }
    }
    Ok(code)
}

/// Copies stdin to stdout until it ends; in a terminal with echo, line by line as a terminal does it.
async fn copy_input(shell: &mut Shell<'_>) -> Result<i32, Halt> {
    let mut line: Vec<u8> = Vec::new();
    while let Some(bytes) = shell.io.read().await? {
        if !shell.io.tty {
            shell.io.write(Stream::Out, &bytes).await?;
            continue;
        }
        for byte in bytes {
            match byte {
                3 => return Err(Halt::Stop(super::io::Stop::Interrupted)),
                4 if line.is_empty() => return Ok(0),
                b'\r' | b'\n' => {
                    line.push(b'\n');
                    shell.io.write(Stream::Out, b"\n").await?;
                    shell.io.write(Stream::Out, &std::mem::take(&mut line)).await?;
                }
                byte if line.len() < 4096 => {
                    line.push(byte);
                    shell.io.write(Stream::Out, &[byte]).await?;
                }
                _ => {}
            }
        }
    }
    Ok(0)
}

async fn stty(shell: &mut Shell<'_>, arguments: &[&str]) -> Result<i32, Halt> {
    if !shell.io.tty {
        return failed(shell, "stty: standard input: Not a tty", 1).await;
    }
    match arguments {
        ["size"] => print(shell, &format!("{} {}\n", shell.io.rows, shell.io.columns)).await,
        [] => print(shell, &format!("speed 38400 baud; rows {}; columns {};\n", shell.io.rows, shell.io.columns)).await,
        _ => Ok(0),
    }
}

async fn yes(shell: &mut Shell<'_>, arguments: &[&str]) -> Result<i32, Halt> {
    let line = if arguments.is_empty() { "y\n".to_owned() } else { format!("{}\n", arguments.join(" ")) };
    let block = line.repeat((CHUNK / line.len()).max(1));
    loop {
        shell.io.write(Stream::Out, block.as_bytes()).await?;
    }
}

async fn seq(shell: &mut Shell<'_>, arguments: &[&str]) -> Result<i32, Halt> {
    let numbers: Option<Vec<i64>> = arguments.iter().map(|argument| argument.parse().ok()).collect();
    let (first, step, last) = match numbers.as_deref() {
        Some([last]) => (1, 1, *last),
        Some([first, last]) => (*first, 1, *last),
        Some([first, step, last]) if *step != 0 => (*first, *step, *last),
        _ => return failed(shell, "seq: invalid number", 1).await,
    };
    let mut block = String::new();
    let mut number = first;
    while (step > 0 && number <= last) || (step < 0 && number >= last) {
        block.push_str(&format!("{number}\n"));
        if block.len() >= CHUNK - 32 {
            shell.io.write(Stream::Out, block.as_bytes()).await?;
            block.clear();
        }
        number += step;
    }
    shell.io.write(Stream::Out, block.as_bytes()).await?;
    Ok(0)
}

/// head, tail, grep and wc over a file, a pipe or stdin.
async fn filter(shell: &mut Shell<'_>, program: &str, arguments: &[&str]) -> Result<i32, Halt> {
    let mut count = 10;
    let mut plain: Vec<&str> = Vec::new();
    let mut rest = arguments.iter();
    while let Some(argument) = rest.next() {
        match argument.strip_prefix('-') {
            Some("n") => count = rest.next().and_then(|number| number.parse().ok()).unwrap_or(10),
            Some(flag) if program != "grep" && program != "wc" => count = flag.trim_start_matches('n').parse().unwrap_or(count),
            Some(_) => {}
            None => plain.push(argument),
        }
    }
    let pattern = if program == "grep" && !plain.is_empty() { plain.remove(0) } else { "" };
    let text = match plain.first() {
        Some(wanted) => {
            let path = absolute(&shell.folder, wanted);
            match with_files(shell, |files| files.read(&path).map(str::to_owned)) {
                Some(text) => text,
                None => return failed(shell, &format!("{program}: {wanted}: No such file or directory"), 1).await,
            }
        }
        None => match shell.piped.take() {
            Some(piped) => String::from_utf8_lossy(&piped).into_owned(),
            None => {
                let mut text = Vec::new();
                while let Some(bytes) = shell.io.read().await? {
                    text.extend_from_slice(&bytes);
                }
                String::from_utf8_lossy(&text).into_owned()
            }
        },
    };
    let lines: Vec<&str> = text.lines().collect();
    let chosen: Vec<&str> = match program {
        "head" => lines.iter().take(count).copied().collect(),
        "tail" => lines.iter().skip(lines.len().saturating_sub(count)).copied().collect(),
        "grep" => lines.iter().filter(|line| line.contains(pattern)).copied().collect(),
        _ => {
            let words = text.split_whitespace().count();
            return print(
                shell,
                &if arguments.contains(&"-l") { format!("{}\n", lines.len()) } else { format!("{:>9} {words:>9} {:>9}\n", lines.len(), text.len()) },
            )
            .await;
        }
    };
    let mut shown = chosen.join("\n");
    if !shown.is_empty() {
        shown.push('\n');
    }
    print(shell, &shown).await?;
    Ok(i32::from(program == "grep" && chosen.is_empty()))
}

async fn change(shell: &mut Shell<'_>, program: &str, arguments: &[&str]) -> Result<i32, Halt> {
    for wanted in arguments.iter().filter(|argument| !argument.starts_with('-')) {
        let path = absolute(&shell.folder, wanted);
        let done = with_files(shell, |files| match program {
            "touch" => files.read(&path).is_some() || files.write(&path, String::new()),
            "mkdir" => {
                files.make_folder(&path);
                true
            }
            _ => files.remove(&path),
        });
        if !done {
            return failed(shell, &format!("{program}: can't change '{wanted}': No such file or directory"), 1).await;
        }
    }
    Ok(0)
}

fn with_files<T>(shell: &Shell<'_>, look: impl FnOnce(&mut super::files::Files) -> T) -> T {
    look(&mut shell.machine.files.lock().unwrap_or_else(std::sync::PoisonError::into_inner))
}
