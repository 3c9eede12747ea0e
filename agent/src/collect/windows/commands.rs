//! Paths and command lines as Windows writes them into its registry: which program they name.
//! It does not know whether the program is there. Invariant: arguments never come out, and names of persons in a path become `*`.

use crate::access::windows_paths::machine_path;

/// What Windows may run, by the ending.
const ENDINGS: [&str; 11] = [".exe", ".com", ".sys", ".dll", ".bat", ".cmd", ".ps1", ".vbs", ".js", ".scr", ".msc"];

/// Folders whose folders bear the names of persons.
const HOMES: [&str; 2] = ["/users/", "/documents and settings/"];
/// Folders beside those of persons.
const NOBODYS: [&str; 5] = ["public", "default", "all users", "default user", "*"];

/// The program that a command line begins with, as a path of the machine: `/Program Files/A/a.exe`, `D:/b.exe`, or as it is written where
/// it is found by a search path or a variable of an account. None where there is none.
pub(super) fn program_of(command: &str) -> Option<String> {
    let command = command.trim();
    let program = match command.strip_prefix('"') {
        Some(rest) => rest.split('"').next().unwrap_or(rest),
        None => unquoted(command),
    };
    path_of(program)
}

/// Without quotes a path may hold spaces: it ends behind the first ending of a program, or at the first space.
fn unquoted(command: &str) -> &str {
    let lower = command.to_ascii_lowercase();
    let ends = ENDINGS.iter().flat_map(|ending| lower.match_indices(ending).map(|(at, found)| at + found.len()));
    let at_word = |at: &usize| lower.as_bytes().get(*at).is_none_or(|next| matches!(next, b' ' | b'\t' | b',' | b'"'));
    match ends.filter(at_word).min() {
        Some(end) => command.get(..end).unwrap_or(command),
        None => command.split_ascii_whitespace().next().unwrap_or_default(),
    }
}

/// A path that Windows wrote, as a path of the machine without a person's name.
pub(super) fn path_of(written: &str) -> Option<String> {
    machine_path(written).map(|path| without_person(&path))
}

/// `/Users/name/a.exe` as `/Users/*/a.exe`.
fn without_person(path: &str) -> String {
    let lower = path.to_ascii_lowercase();
    for home in HOMES {
        let Some(at) = lower.find(home).filter(|at| matches!(at, 0 | 2)) else { continue };
        let begin = at + home.len();
        let (head, rest) = (path.get(..begin).unwrap_or(path), path.get(begin..).unwrap_or_default());
        let (name, tail) = rest.split_at(rest.find('/').unwrap_or(rest.len()));
        if !NOBODYS.contains(&name.to_ascii_lowercase().as_str()) {
            return format!("{head}*{tail}");
        }
    }
    path.to_owned()
}

/// Whether a program lies where Windows keeps its own.
pub(super) fn is_below_windows(path: &str) -> bool {
    path.get(..9).is_some_and(|head| head.eq_ignore_ascii_case("/windows/"))
}

/// An account as Windows names it for a service or a job: those that Windows has everywhere by their names, every other one as `*`.
pub(super) fn account_of(written: &str) -> String {
    const EVERYWHERE: [&str; 8] = [
        "localsystem",
        "system",
        "local service",
        "network service",
        "localservice",
        "networkservice",
        "s-1-5-18",
        "interactive",
    ];
    let folded = written.trim().to_ascii_lowercase();
    let bare = folded.strip_prefix("nt authority\\").unwrap_or(&folded);
    let is_own = folded.starts_with("nt service\\") || matches!(bare, "s-1-5-19" | "s-1-5-20");
    if is_own || EVERYWHERE.contains(&bare) { written.trim().to_owned() } else { "*".to_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn programs_are_found_in_command_lines() {
        for (command, program) in [
            (r"%SystemRoot%\system32\svchost.exe -k netsvcs -p", "/Windows/system32/svchost.exe"),
            (r#""C:\Program Files\A B\c.exe" --password EXAMPLE-SECRET-1"#, "/Program Files/A B/c.exe"),
            (r"C:\Program Files\A B\c.exe -k x.exe", "/Program Files/A B/c.exe"),
            (r"\SystemRoot\System32\drivers\a.sys", "/Windows/System32/drivers/a.sys"),
            (r"system32\drivers\a.sys", "/Windows/System32/drivers/a.sys"),
            (r"\??\D:\x\a.sys", "D:/x/a.sys"),
            (r"C:\Users\運用 太郎\tool.exe /s", "/Users/*/tool.exe"),
            (r"C:\Users\Public\tool.exe", "/Users/Public/tool.exe"),
            (r"\\fileserver\share\a.exe", "//fileserver/share/a.exe"),
            ("rundll32.exe a.dll,Entry", "rundll32.exe"),
            ("cmd /c start", "cmd"),
            (r"%AppData%\a.exe", "%AppData%/a.exe"),
        ] {
            assert_eq!(program_of(command).as_deref(), Some(program), "{command}");
        }
        assert_eq!(program_of("  "), None);
        assert_eq!(program_of("\""), None);
    }

    #[test]
    fn only_accounts_of_every_windows_keep_their_names() {
        for own in ["LocalSystem", r"NT AUTHORITY\LocalService", r"NT SERVICE\MSSQLSERVER", "S-1-5-18"] {
            assert_eq!(account_of(own), own);
        }
        for person in [r"HOSPITAL\yamada", r".\admin", "S-1-5-21-1-2-3-1001", ""] {
            assert_eq!(account_of(person), "*");
        }
    }
}
