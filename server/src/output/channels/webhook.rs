//! A webhook: every entry of notices as a JSON document, posted to an address of the operator's choice.
//! It does not know who leads or what was delivered before. Invariant: what was posted goes to nobody but the receiver, over
//! TLS unless that is this machine; the address, which may hold a secret, is never shown whole.

use super::feed::Stated;
use super::{Channel, Delivered, Undelivered};
use anyhow::{Context as _, bail};
use daicho_schemas::canonical::Hash;
use daicho_schemas::fact::decision::Notice;
use daicho_schemas::fact::duty::Reminder;
use daicho_schemas::time::UtcMicros;
use reqwest::{Certificate, Client, Url};
use serde_json::json;
use std::fmt;
use std::path::Path;
use std::time::Duration;

/// How long a receiver may take to answer.
const ANSWER_WITHIN: Duration = Duration::from_secs(10);
/// What the documents are called. A change of their form is another name.
pub const FORMAT: &str = "daicho.notices.v1";
/// The header with the key. It is the hash of the ledger's entry: the same notice has the same one, whoever sends it.
pub const KEY: &str = "Idempotency-Key";

/// A receiver.
#[derive(Clone)]
pub struct Webhook {
    url: Url,
    http: Client,
}

impl Webhook {
    /// Reads an address. A receiver on another machine is reached by `https`, and needs `authority`, the PEM file of whoever
    /// signed its certificate.
    pub fn parse(url: &str, authority: Option<&Path>) -> anyhow::Result<Self> {
        let url: Url = url.parse().context("the webhook's address cannot be read")?;
        let mut builder = Client::builder().no_proxy().timeout(ANSWER_WITHIN);
        builder = builder.redirect(reqwest::redirect::Policy::none());
        match (url.scheme(), authority) {
            ("https", Some(file)) => {
                let pem = std::fs::read(file).with_context(|| format!("read {}", file.display()))?;
                builder = builder.tls_certs_only(Certificate::from_pem_bundle(&pem)?);
            }
            ("https", None) => bail!(
                "the webhook's receiver must be known: give --webhook-ca with the PEM file of the authority that signed its certificate"
            ),
            ("http", _) if is_here(&url) => builder = builder.tls_certs_only([]),
            _ => bail!("the webhook's address must begin with https:// unless the receiver is this machine"),
        }
        Ok(Self { url, http: builder.build()? })
    }
}

fn is_here(url: &Url) -> bool {
    let host = url.host_str().unwrap_or_default().trim_matches(['[', ']']);
    host == "localhost" || host.parse::<std::net::IpAddr>().is_ok_and(|address| address.is_loopback())
}

impl fmt::Debug for Webhook {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "{}://{}/…", self.url.scheme(), self.url.host_str().unwrap_or_default())
    }
}

impl Webhook {
    /// Posts some of the notices or reminders of an entry.
    pub(super) async fn post(
        &self,
        stated: &Stated,
        notices: &[Notice],
        reminders: &[Reminder],
    ) -> Result<(), Undelivered> {
        let entry = &stated.entry;
        let document = json!({
            "format": FORMAT,
            "entry_seq": entry.seq,
            "entry_hash": entry.entry_hash,
            "received_at": entry.received_at,
            "notices": notices,
            "reminders": reminders,
        });
        let request = self.http.post(self.url.clone()).header("Content-Type", "application/json");
        let request = request.header(KEY, entry.entry_hash.to_string()).body(document.to_string());
        self.sent(request).await
    }

    /// Posts a document of the same form without notices, to see whether it is taken.
    pub(super) async fn test(&self, key: &Hash, now: UtcMicros) -> Result<(), Undelivered> {
        let document = json!({ "format": FORMAT, "test": true, "sent_at": now, "notices": [] });
        let request = self.http.post(self.url.clone()).header("Content-Type", "application/json");
        self.sent(request.header(KEY, key.to_string()).body(document.to_string())).await
    }

    async fn sent(&self, request: reqwest::RequestBuilder) -> Result<(), Undelivered> {
        // The address may hold a secret: reqwest would repeat it.
        let answer = request.send().await.map_err(|error| Undelivered::Later(error.without_url().to_string()))?;
        let status = answer.status();
        if status.is_success() { Ok(()) } else { Err(Undelivered::Later(format!("the receiver answers {status}"))) }
    }
}

impl Channel for Webhook {
    fn name(&self) -> &str {
        "webhook"
    }

    async fn deliver(&self, stated: &Stated) -> Result<Delivered, Undelivered> {
        let reminders = stated.reminders.as_ref().map_or(&[][..], |stated| &stated.reminders);
        self.post(stated, &stated.notices.notices, reminders).await.map(|()| Delivered::Taken)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refused(url: &str) -> String {
        let _first = rustls::crypto::aws_lc_rs::default_provider().install_default();
        Webhook::parse(url, None).unwrap_err().to_string()
    }

    #[test]
    fn a_receiver_elsewhere_is_reached_over_tls_or_not_at_all() {
        assert!(refused("http://hooks.example/x").contains("https://"));
        assert!(refused("https://hooks.example/x").contains("--webhook-ca"));
        assert!(refused("ftp://localhost/x").contains("https://"));
        assert!(refused("hooks").contains("cannot be read"));
        let here = Webhook::parse("http://[::1]:8080/sesame", None).unwrap();
        assert_eq!(format!("{here:?}"), "http://[::1]/…");
    }
}
