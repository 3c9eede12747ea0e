//! Where the database is: `postgres://user:password@host/name`, and the authority that vouches for it.
//! It does not connect. Invariant: the password is never shown, and it never goes over a network in the clear.

use super::fault::DatabaseFault;
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject as _;
use rustls::{ClientConfig, RootCertStore};
use std::fmt;
use std::path::Path;
use std::time::Duration;
use tokio_postgres::Config;
use tokio_postgres::config::{Host, SslMode, TargetSessionAttrs};
use tokio_postgres_rustls::MakeRustlsConnect;

/// How long a connection may take to come about, per host.
const CONNECT_WITHIN: Duration = Duration::from_secs(5);
/// After how long without an answer a host is asked whether it is still there, and after how long it is given up.
const KEEP_ALIVE_AFTER: Duration = Duration::from_secs(10);
const GIVE_UP_AFTER: Duration = Duration::from_secs(20);

/// A database that keeps a ledger.
#[derive(Clone)]
pub struct Address {
    pub(super) config: Config,
    pub(super) tls: MakeRustlsConnect,
    shown: String,
}

impl Address {
    /// Reads an address. Several hosts may be given; the one that takes writes is used. A host that is not this machine needs
    /// `authority`, the PEM file of whoever signed the database's certificate: everything then goes over TLS.
    pub fn parse(url: &str, authority: Option<&Path>) -> Result<Self, DatabaseFault> {
        if !["postgres://", "postgresql://"].iter().any(|scheme| url.starts_with(scheme)) {
            return Err(DatabaseFault::Address("it does not begin with postgres://".into()));
        }
        let mut config: Config = url.parse().map_err(|error: tokio_postgres::Error| {
            // The source names what is wrong; neither repeats the address.
            DatabaseFault::Address(std::error::Error::source(&error).unwrap_or(&error).to_string())
        })?;
        if config.get_dbname().is_none() {
            return Err(DatabaseFault::Address("it names no database".into()));
        }
        let hosts: Vec<String> = config.get_hosts().iter().map(host_name).collect();
        let far = config.get_hosts().iter().find(|host| !is_here(host)).map(host_name);
        let mut roots = RootCertStore::empty();
        match (authority, far) {
            (Some(file), _) => {
                add_roots(&mut roots, file)?;
                config.ssl_mode(SslMode::Require);
            }
            (None, Some(host)) => return Err(DatabaseFault::Unprotected { host }),
            (None, None) => {
                config.ssl_mode(SslMode::Disable);
            }
        }
        let client = ClientConfig::builder().with_root_certificates(roots).with_no_client_auth();
        config.application_name("daicho").connect_timeout(CONNECT_WITHIN);
        config.keepalives_idle(KEEP_ALIVE_AFTER).tcp_user_timeout(GIVE_UP_AFTER);
        let user = config.get_user().unwrap_or_default();
        let shown = format!("postgres://{user}@{}/{}", hosts.join(","), config.get_dbname().unwrap_or_default());
        Ok(Self { config, tls: MakeRustlsConnect::new(client), shown })
    }

    /// The settings of a session: one that writes goes to the host that takes writes, one that looks to any.
    pub(super) fn config(&self, writes: bool) -> Config {
        let mut config = self.config.clone();
        config.target_session_attrs(if writes { TargetSessionAttrs::ReadWrite } else { TargetSessionAttrs::Any });
        config
    }
}

fn add_roots(roots: &mut RootCertStore, file: &Path) -> Result<(), DatabaseFault> {
    let unreadable = |what: String| DatabaseFault::Address(format!("{}: {what}", file.display()));
    let certificates = CertificateDer::pem_file_iter(file).map_err(|error| unreadable(error.to_string()))?;
    for certificate in certificates {
        let certificate = certificate.map_err(|error| unreadable(error.to_string()))?;
        roots.add(certificate).map_err(|error| unreadable(error.to_string()))?;
    }
    if roots.is_empty() { Err(unreadable("no certificate in it".into())) } else { Ok(()) }
}

fn host_name(host: &Host) -> String {
    match host {
        Host::Tcp(name) => name.clone(),
        #[cfg(unix)]
        Host::Unix(folder) => folder.display().to_string(),
    }
}

/// Whether bytes to this host stay on this machine.
fn is_here(host: &Host) -> bool {
    match host {
        Host::Tcp(name) => {
            name == "localhost" || name.parse::<std::net::IpAddr>().is_ok_and(|address| address.is_loopback())
        }
        #[cfg(unix)]
        Host::Unix(_) => true,
    }
}

impl fmt::Display for Address {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(&self.shown)
    }
}

impl fmt::Debug for Address {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(&self.shown)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(url: &str) -> Result<Address, DatabaseFault> {
        let _first = rustls::crypto::aws_lc_rs::default_provider().install_default();
        Address::parse(url, None)
    }

    #[test]
    fn the_password_is_never_shown() {
        let address = parse("postgres://daicho:sesame@%2Frun%2Fpostgresql/daicho").unwrap();
        assert_eq!(address.to_string(), "postgres://daicho@/run/postgresql/daicho");
        assert!(!format!("{address:?}").contains("sesame"));
        for wrong in ["postgres://a:sesame@h:port/x", "postgres://a:sesame@localhost/", "http://a:sesame@localhost/x"] {
            let fault = parse(wrong).unwrap_err();
            assert!(!format!("{fault} {fault:?}").contains("sesame"), "{fault:?}");
        }
    }

    #[test]
    fn another_machine_is_reached_over_tls_or_not_at_all() {
        let fault = parse("postgres://a@192.0.2.1/x?sslmode=disable").unwrap_err();
        assert!(matches!(fault, DatabaseFault::Unprotected { host } if host == "192.0.2.1"));
        let fault = parse("postgres://a@localhost,db.example/x").unwrap_err();
        assert!(matches!(fault, DatabaseFault::Unprotected { host } if host == "db.example"));
        assert_eq!(parse("postgres://a@127.0.0.1/x").unwrap().config.get_ssl_mode(), SslMode::Disable);
    }
}
