//! Which files a command starts: its program, the script of an interpreter, what a wrapper (`nice`, `flock`) starts.
//! It does not know which files there are, and guesses nothing: a word with a variable, a pattern or a specifier names no file.
//! Invariant: only words that can be files leave; options, their values and everything else of a command line stay here.

/// A command line longer than this is looked at up to here.
const TEXT_BYTES_MAX: usize = 64 * 1024;
/// Words of one command.
const WORDS_MAX: usize = 1_000;
/// A command in a command (`sh -c`, `nice sh -c`).
const DEPTH_MAX: usize = 4;

/// Programs that run a script named by their first argument.
const SHELLS: &[&str] = &["sh", "bash", "dash", "ash", "zsh", "ksh", "mksh", "fish", "csh", "tcsh"];

/// What an interpreter's options mean for the search of its script.
struct Interpreter {
    name: &'static str,
    /// Behind these stands a program's text, or the name of a module: there is no script.
    no_script: &'static [&'static str],
    /// These take a value of their own.
    with_value: &'static [&'static str],
}

/// The others that do.
const INTERPRETERS: &[Interpreter] = &[
    Interpreter { name: "python", no_script: &["-c", "-m"], with_value: &["-W", "-X"] },
    Interpreter { name: "perl", no_script: &["-e", "-E"], with_value: &[] },
    Interpreter { name: "ruby", no_script: &["-e"], with_value: &["-r", "-I", "-C"] },
    Interpreter {
        name: "node",
        no_script: &["-e", "-p", "--eval", "--print"],
        with_value: &["-r", "--require", "--import"],
    },
    Interpreter { name: "nodejs", no_script: &["-e", "-p", "--eval", "--print"], with_value: &["-r", "--require"] },
    Interpreter { name: "php", no_script: &["-r"], with_value: &["-d", "-c", "-z"] },
    Interpreter { name: "lua", no_script: &["-e"], with_value: &["-l"] },
    Interpreter {
        name: "java",
        no_script: &["-m"],
        with_value: &["-cp", "-classpath", "--class-path", "-p", "--module-path"],
    },
    Interpreter { name: "tclsh", no_script: &[], with_value: &["-encoding"] },
    Interpreter { name: "wish", no_script: &[], with_value: &["-encoding"] },
    Interpreter { name: "mono", no_script: &[], with_value: &[] },
    Interpreter { name: "dotnet", no_script: &[], with_value: &[] },
    Interpreter { name: "pwsh", no_script: &["-c", "-Command"], with_value: &[] },
    Interpreter { name: "Rscript", no_script: &["-e"], with_value: &[] },
];
/// The options of shells.
const SHELL: Interpreter = Interpreter { name: "sh", no_script: &["-c", "-s"], with_value: &["-o", "-O"] };

/// Programs that start the command in their arguments.
const WRAPPERS: &[&str] = &[
    "nice",
    "ionice",
    "nohup",
    "setsid",
    "timeout",
    "env",
    "sudo",
    "runuser",
    "flock",
    "chroot",
    "chrt",
    "taskset",
    "stdbuf",
    "chronic",
    "setpriv",
    "time",
    "daemon",
    "start-stop-daemon",
    "daemonize",
    "softlimit",
    "chpst",
    "setuidgid",
    "cronic",
    "numactl",
    "catchsegv",
    "dumb-init",
    "tini",
    "su-exec",
    "gosu",
    "unshare",
    "capsh",
];
/// Of those, the ones whose first path is not the command.
const WRAPPERS_WITH_A_PATH: &[&str] = &["flock", "chroot"];
/// Words before a command.
const BEFORE: &[&str] = &["if", "then", "else", "elif", "do", "while", "until", "!", "{", "exec", "command", "builtin"];

/// A file that a command would start.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Named {
    /// A path, or a bare name that is looked for in the usual folders.
    pub(crate) word: String,
    /// It is started by the kernel, so somebody must be allowed to run it; a script that is handed to an interpreter need not.
    pub(crate) needs_permission: bool,
}

/// The files that a command in a shell's words starts.
pub(crate) fn of_shell(text: &str) -> Vec<Named> {
    let mut found = Vec::new();
    shell(text, &mut found, DEPTH_MAX);
    found.sort();
    found.dedup();
    found
}

/// The files that words which are already apart start (`/proc/PID/cmdline`, a unit).
pub(crate) fn of_words(words: &[String], folder: Option<&str>) -> Vec<Named> {
    let mut found = Vec::new();
    command(words, folder, &mut found, DEPTH_MAX);
    found.sort();
    found.dedup();
    found
}

/// The words of a line of systemd.service(5): quotes, backslashes, and the prefixes of a program's path.
pub(crate) fn unit_words(line: &str) -> Vec<String> {
    let line = line.trim_start().trim_start_matches(['-', '@', ':', '+', '!', '|']);
    split(line).into_iter().flatten().collect()
}

/// Whether a program runs scripts that are named by an argument.
pub(crate) fn is_interpreter(path: &str) -> bool {
    interpreter(path).is_some()
}

/// An interpreter by its path, whatever version its name has.
fn interpreter(path: &str) -> Option<&'static Interpreter> {
    let name = base(path).trim_start_matches('-');
    let bare = name.trim_end_matches(|c: char| c.is_ascii_digit() || c == '.' || c == '-');
    if SHELLS.contains(&bare) {
        return Some(&SHELL);
    }
    INTERPRETERS.iter().find(|one| one.name == bare)
}

/// The script of the command line of an interpreter, as it stands there. `program` is what runs, whatever the line calls it.
pub(crate) fn script_of<'a>(program: &str, words: &'a [String]) -> Option<&'a str> {
    let interpreter = interpreter(program)?;
    let mut words = words.iter().skip(1).map(String::as_str);
    while let Some(word) = words.next() {
        match word {
            "-jar" | "--" => return words.next(),
            "-" => return None,
            _ if interpreter.no_script.contains(&word) => return None,
            _ if interpreter.with_value.contains(&word) => drop(words.next()),
            _ if interpreter.name == SHELL.name && is_run_together(word) => return None,
            _ if word.starts_with(['-', '+']) || word.is_empty() => {}
            _ => return Some(word),
        }
    }
    None
}

/// `-lc`, `-ec`: options of a shell run together, of which the last says that text follows.
fn is_run_together(word: &str) -> bool {
    let letters = word.trim_start_matches('-');
    !word.starts_with("--")
        && letters.len() <= 4
        && letters.ends_with('c')
        && letters.bytes().all(|b| b.is_ascii_lowercase())
}

fn base(path: &str) -> &str {
    path.rsplit('/').next().unwrap_or(path)
}

fn shell(text: &str, found: &mut Vec<Named>, depth: usize) {
    let Some(depth) = depth.checked_sub(1) else { return };
    let mut folder: Option<String> = None;
    for words in split(text) {
        if let [cd, to, ..] = words.as_slice()
            && cd == "cd"
        {
            folder = Some(to.clone()).filter(|to| to.starts_with('/') && is_literal(to));
            continue;
        }
        command(&words, folder.as_deref(), found, depth);
    }
}

fn command(words: &[String], folder: Option<&str>, found: &mut Vec<Named>, depth: usize) {
    let Some(depth) = depth.checked_sub(1) else { return };
    let begins = words.iter().position(|word| !is_assignment(word) && !BEFORE.contains(&word.as_str()));
    let Some((first, rest)) = begins.and_then(|at| words.get(at..)).and_then(<[String]>::split_first) else { return };
    let all = || [std::slice::from_ref(first), rest].concat();
    if matches!(first.as_str(), "." | "source") {
        found.extend(rest.first().and_then(|word| named(word, folder, false)));
        return;
    }
    if matches!(first.as_str(), "[" | "[[" | "test" | "cd" | "echo" | "export") {
        return;
    }
    found.extend(named(first, folder, true));
    let name = base(first);
    if is_interpreter(first) {
        if SHELLS.contains(&name)
            && let Some(at) =
                rest.iter().position(|word| word == "-c" || (word.starts_with('-') && is_run_together(word)))
        {
            rest.get(at + 1).into_iter().for_each(|text| shell(text, found, depth));
            return;
        }
        found.extend(script_of(first, &all()).and_then(|word| named(word, folder, false)));
    } else if WRAPPERS.contains(&name) {
        wrapped(name, rest, folder, found, depth);
    }
}

/// What a wrapper starts: the first word that is a path or an interpreter, behind the wrapper's own path where it takes one.
fn wrapped(name: &str, rest: &[String], folder: Option<&str>, found: &mut Vec<Named>, depth: usize) {
    let valued = |word: &str| matches!(word, "--exec" | "--startas" | "-x" | "-a");
    if name == "start-stop-daemon" {
        let value = rest.iter().zip(rest.iter().skip(1)).find(|(option, _)| valued(option)).map(|(_, value)| value);
        let joined =
            rest.iter().find_map(|word| word.strip_prefix("--exec=").or_else(|| word.strip_prefix("--startas=")));
        found.extend(value.map(String::as_str).or(joined).and_then(|word| named(word, folder, true)));
        return;
    }
    let mut own = usize::from(WRAPPERS_WITH_A_PATH.contains(&name));
    for (at, word) in rest.iter().enumerate() {
        let is_path = word.starts_with('/');
        if is_path && own > 0 {
            own -= 1;
        } else if is_path || is_interpreter(word) || WRAPPERS.contains(&word.as_str()) {
            return command(rest.get(at..).unwrap_or_default(), folder, found, depth);
        } else if word == "-c" {
            // `flock /lock -c "command"`, `su -c "command"`.
            return rest.get(at + 1).into_iter().for_each(|text| shell(text, found, depth));
        }
    }
}

fn named(word: &str, folder: Option<&str>, needs_permission: bool) -> Option<Named> {
    if !is_literal(word) {
        return None;
    }
    let word = match (word.starts_with('/'), word.contains('/'), folder) {
        (true, ..) => word.to_owned(),
        (false, true, Some(folder)) => format!("{folder}/{}", word.trim_start_matches("./")),
        (false, false, Some(folder)) if !needs_permission => format!("{folder}/{word}"),
        // A bare name of a program is looked for; of a script, nobody says where.
        (false, false, _) if needs_permission => word.to_owned(),
        _ => return None,
    };
    Some(Named { word, needs_permission })
}

/// Whether a word stands for itself.
pub(super) fn is_literal(word: &str) -> bool {
    !word.is_empty() && word.len() < 4_096 && !word.contains(['$', '`', '*', '?', '%', '~', '\0', '\n', '<', '>'])
}

fn is_assignment(word: &str) -> bool {
    word.split_once('=').is_some_and(|(name, _)| {
        name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_') && !name.is_empty()
    })
}

/// Commands and their words as a shell takes them apart: quotes, backslashes, `;`, `&`, `|`, brackets, comments.
pub(crate) fn split(text: &str) -> Vec<Vec<String>> {
    let text = text.get(..text.floor_char_boundary(TEXT_BYTES_MAX)).unwrap_or(text);
    let (mut commands, mut words, mut word) = (Vec::new(), Vec::new(), None::<String>);
    let (mut quote, mut escaped) = (None, false);
    for c in text.chars() {
        match (escaped, quote, c) {
            (true, ..) => {
                word.get_or_insert_default().push(c);
                escaped = false;
            }
            (_, Some('\''), '\'') | (_, Some('"'), '"') => quote = None,
            (_, Some('\''), _) => word.get_or_insert_default().push(c),
            (_, _, '\\') => escaped = true,
            (_, Some(_), _) => word.get_or_insert_default().push(c),
            (_, None, '\'' | '"') => {
                word.get_or_insert_default();
                quote = Some(c);
            }
            (_, None, '#') if word.is_none() => break,
            (_, None, ';' | '&' | '|' | '(' | ')' | '\n') => {
                words.extend(word.take());
                commands.push(std::mem::take(&mut words));
            }
            (_, None, c) if c.is_whitespace() => words.extend(word.take()),
            (_, None, c) => word.get_or_insert_default().push(c),
        }
        if words.len() >= WORDS_MAX {
            break;
        }
    }
    words.extend(word);
    commands.push(words);
    commands.retain(|words| !words.is_empty());
    commands
}

#[cfg(test)]
mod tests {
    use super::*;

    fn started(text: &str) -> Vec<String> {
        of_shell(text).into_iter().map(|named| named.word).collect()
    }

    #[test]
    fn a_command_names_what_it_starts_and_nothing_of_its_arguments() {
        for (text, wanted) in [
            ("/opt/x/run --password EXAMPLE-SECRET-1 /etc/passwd", &["/opt/x/run"][..]),
            ("test -x /usr/sbin/anacron || /opt/x/run", &["/opt/x/run"]),
            ("[ -x /opt/y ] && cd /opt/app && ./run.sh arg", &["/opt/app/run.sh"]),
            ("cd /opt/app; python3 -u main.py", &["/opt/app/main.py", "python3"]),
            ("LANG=C nice -n 10 ionice -c3 /opt/x 'a b'", &["/opt/x", "ionice", "nice"]),
            ("flock -n /var/lock/x /opt/x /opt/not", &["/opt/x", "flock"]),
            ("/bin/sh -c '/opt/a; exec /opt/b --c'", &["/bin/sh", "/opt/a", "/opt/b"]),
            ("bash -lc \"/opt/a\"", &["/opt/a", "bash"]),
            ("java -Xmx1g -cp /opt/lib -jar /opt/app.jar", &["/opt/app.jar", "java"]),
            ("perl -e 'system(1)' /opt/no", &["perl"]),
            ("/usr/bin/python3 -Es -W ignore /opt/x.py /opt/no", &["/opt/x.py", "/usr/bin/python3"]),
            ("node --require /opt/no.js /opt/x.js", &["/opt/x.js", "node"]),
            ("python3 -m http.server", &["python3"]),
            ("start-stop-daemon --start --pidfile /run/x --exec /opt/d -- -f", &["/opt/d", "start-stop-daemon"]),
            (". /etc/rc.conf", &["/etc/rc.conf"]),
            ("$PROG/x; /opt/%i/x; /opt/*/x; ~/x; `x`", &[]),
            ("# /opt/x", &[]),
            ("mytool --now", &["mytool"]),
        ] {
            assert_eq!(started(text), wanted, "{text}");
        }
    }

    #[test]
    fn units_write_prefixes_and_quotes() {
        let words = unit_words("-@/opt/x/run run \"a b\" c\\ d");
        assert_eq!(words, ["/opt/x/run", "run", "a b", "c d"]);
        assert_eq!(of_words(&unit_words("+/usr/bin/python3 /srv/app.py"), None).len(), 2);
    }

    #[test]
    fn commands_in_commands_end() {
        let mut text = String::from("/opt/x");
        for _ in 0..200 {
            text = format!("sh -c '{}'", text.replace('\'', "'\\''").chars().take(10_000).collect::<String>());
        }
        assert!(of_shell(&text).len() <= DEPTH_MAX + 1);
        assert!(of_shell(&"nice ".repeat(100_000)).len() <= DEPTH_MAX + 1);
    }
}
