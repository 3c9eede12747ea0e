//! The routing file of alerts (`daicho.alerts.v1`): bytes to values, or a refusal that names the place.
//! It does not open the files that it names, and nothing of it enters the ledger.
//! Invariant: a file that is taken names each recipient once, reaches mail servers on other machines over TLS only, and has a
//! mail server where it has mail addresses.

use super::declarations::{Check, File, without_mark};
use super::places::Path;
use daicho_schemas::alerts::{
    ALERTS_BYTES_MAX, ALERTS_FORMAT, AlertsFile, RECIPIENT_NAME_BYTES_MAX, RECIPIENTS_MAX, Recipient, Smtp,
    SmtpSecurity,
};
use daicho_schemas::refusal::{Refusal, RefusalCode};
use lettre::Address;
use lettre::message::Mailbox;
use reqwest::Url;
use std::collections::BTreeSet;

/// Reads a routing file. A byte order mark is tolerated.
pub fn parse_alerts(bytes: &[u8]) -> Result<AlertsFile, Refusal> {
    let file = File { code: RefusalCode::AlertsMalformed, json: without_mark(bytes) };
    let alerts: AlertsFile = file.read(bytes.len(), ALERTS_BYTES_MAX)?;
    check(&alerts).map_err(|(path, what)| file.refuse_at(&path, &what))?;
    Ok(alerts)
}

fn refuse<T>(path: Path, what: impl Into<String>) -> Result<T, (Path, String)> {
    Err((path, what.into()))
}

fn check(alerts: &AlertsFile) -> Check {
    if alerts.format != ALERTS_FORMAT {
        return refuse(Path::of("format"), format!("the format is '{ALERTS_FORMAT}', not '{}'", alerts.format));
    }
    check_console(&alerts.console_url)?;
    if let Some(smtp) = &alerts.smtp {
        check_smtp(smtp, &Path::of("smtp"))?;
    }
    let recipients = Path::of("recipients");
    if alerts.recipients.len() > RECIPIENTS_MAX {
        return refuse(recipients, format!("at most {RECIPIENTS_MAX} recipients; give a mailing list as one"));
    }
    let mut names = BTreeSet::new();
    for (place, recipient) in alerts.recipients.iter().enumerate() {
        let path = recipients.index(place);
        check_recipient(recipient, alerts.smtp.is_some(), &path)?;
        if !names.insert(&recipient.name) {
            return refuse(path.key("name"), format!("the name '{}' stands here for the second time", recipient.name));
        }
    }
    Ok(())
}

/// Whether a host is this machine.
fn is_here(host: &str) -> bool {
    let host = host.trim_matches(['[', ']']);
    host == "localhost" || host.parse::<std::net::IpAddr>().is_ok_and(|address| address.is_loopback())
}

fn check_console(address: &str) -> Check {
    let path = || Path::of("console_url");
    let Ok(url) = address.parse::<Url>() else { return refuse(path(), "this is no address") };
    if url.scheme() != "https" || url.host_str().is_none() {
        return refuse(path(), "the console's address begins with https:// and a host name");
    }
    if !url.username().is_empty() || url.password().is_some() || url.query().is_some() || url.fragment().is_some() {
        return refuse(path(), "a user, a password, `?` or `#` has no place here: it would stand in every message");
    }
    Ok(())
}

fn check_smtp(smtp: &Smtp, path: &Path) -> Check {
    let fits = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | ':');
    if smtp.host.is_empty() || smtp.host.len() > 253 || !smtp.host.chars().all(fits) {
        return refuse(path.key("host"), "this is no host name");
    }
    if smtp.security == SmtpSecurity::None && !is_here(&smtp.host) {
        return refuse(path.key("security"), "a mail server on another machine is reached by 'starttls' or 'tls'");
    }
    if smtp.user.is_some() != smtp.password_file.is_some() {
        return refuse(path.key("user"), "'user' and 'password_file' come together or not at all");
    }
    if smtp.from.parse::<Mailbox>().is_err() {
        return refuse(path.key("from"), "this is no mail address");
    }
    Ok(())
}

fn check_recipient(recipient: &Recipient, has_mail_server: bool, path: &Path) -> Check {
    let name = &recipient.name;
    let fits = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || matches!(c, '-' | '_');
    if name.is_empty() || name.len() > RECIPIENT_NAME_BYTES_MAX || !name.chars().all(fits) {
        let what = format!("a name is 1 to {RECIPIENT_NAME_BYTES_MAX} characters of a-z, 0-9, '-' and '_'");
        return refuse(path.key("name"), what);
    }
    match (&recipient.mail, &recipient.webhook) {
        (Some(_), Some(_)) | (None, None) => {
            return refuse(path.key("mail"), "a recipient has either 'mail' or 'webhook'");
        }
        (Some(mail), None) => {
            if mail.parse::<Address>().is_err() {
                return refuse(path.key("mail"), "this is no mail address (an address alone, without a name)");
            }
            if !has_mail_server {
                return refuse(path.key("mail"), "a mail address needs a mail server: add 'smtp'");
            }
        }
        (None, Some(_)) => {}
    }
    if recipient.digest.hour > 23 {
        return refuse(path.key("digest").key("hour"), "an hour is 0 to 23");
    }
    if let Some(quiet) = recipient.quiet_hours {
        if quiet.from_hour > 23 || quiet.to_hour > 23 {
            return refuse(path.key("quiet_hours"), "an hour is 0 to 23");
        }
        if quiet.from_hour == quiet.to_hour {
            return refuse(path.key("quiet_hours"), "hours that end where they begin are none, or all");
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::{Value, json};

    fn good() -> Value {
        json!({
            "format": "daicho.alerts.v1",
            "console_url": "https://daicho.example.jp:8443",
            "smtp": { "host": "mail.example.jp", "port": 587, "security": "starttls", "user": "daicho",
                      "password_file": "smtp-password", "from": "台帳 <daicho@example.jp>" },
            "recipients": [
                { "name": "compliance", "mail": "compliance@example.jp", "roles": ["compliance"] },
                { "name": "siem", "webhook": { "url_file": "siem-url" } }
            ]
        })
    }

    fn refused(pointer: &str, value: Value) -> String {
        let mut file = good();
        *file.pointer_mut(pointer).unwrap() = value;
        let refusal = parse_alerts(serde_json::to_string_pretty(&file).unwrap().as_bytes()).unwrap_err();
        assert_eq!(refusal.code, RefusalCode::AlertsMalformed);
        refusal.detail
    }

    #[test]
    fn a_good_file_is_taken() {
        assert_eq!(parse_alerts(good().to_string().as_bytes()).unwrap().recipients.len(), 2);
    }

    /// What people copy from the manual is taken.
    #[test]
    fn the_example_in_the_documents_is_taken() {
        let manual = include_str!("../../../docs/operations/alerts.md");
        let example = manual.split("```json\n").nth(1).unwrap().split("```").next().unwrap();
        let file = parse_alerts(example.as_bytes()).unwrap();
        assert_eq!(file.recipients.len(), 4);
    }

    #[test]
    fn what_is_wrong_is_refused_with_its_place() {
        assert!(refused("/format", json!("daicho.alerts.v2")).contains("field format"));
        assert!(refused("/console_url", json!("http://daicho.example.jp")).contains("https://"));
        assert!(refused("/console_url", json!("https://u:p@daicho.example.jp")).contains("password"));
        assert!(refused("/smtp/host", json!("mail\r\nRCPT TO")).contains("field smtp.host"));
        assert!(refused("/smtp/security", json!("none")).contains("another machine"));
        assert!(refused("/smtp/password_file", Value::Null).contains("come together"));
        assert!(refused("/smtp/from", json!("nobody")).contains("smtp.from"));
        assert!(refused("/smtp", Value::Null).contains("recipients[0].mail"));
        assert!(refused("/recipients/0/mail", json!("a@example.jp\r\nBcc: b@example.jp")).contains("no mail address"));
        assert!(refused("/recipients/0/name", json!("../outbox")).contains("recipients[0].name"));
        assert!(refused("/recipients/1/name", json!("compliance")).contains("second time"));
        let both = json!({ "name": "x", "mail": "a@example.jp", "webhook": { "url_file": "u" } });
        assert!(refused("/recipients/1", both).contains("either"));
        let late = json!({ "name": "x", "mail": "a@example.jp", "digest": { "hour": 24 } });
        assert!(refused("/recipients/1", late).contains("digest.hour"));
        let quiet = json!({ "name": "x", "mail": "a@example.jp", "quiet_hours": { "from_hour": 7, "to_hour": 7 } });
        assert!(refused("/recipients/1", quiet).contains("quiet_hours"));
    }

    #[test]
    fn a_mail_server_on_this_machine_may_speak_in_the_clear() {
        let mut file = good();
        file["smtp"] = json!({ "host": "127.0.0.1", "port": 25, "security": "none", "from": "a@example.jp" });
        assert!(parse_alerts(file.to_string().as_bytes()).is_ok());
    }
}
