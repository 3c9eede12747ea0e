//! A site: a database, perhaps with a replica, and servers that share it and one authority.
//! It does not send batches. Invariant: every server keeps its port and its folder for as long as the site stands.

use daicho::ledger::engines::postgres::{Address, Looking};
use harness::executables::{command, executables};
use harness::postgres::Cluster;
use harness::server::{Api, ServerProcess};
use tempfile::TempDir;

/// Servers on one database.
pub(super) struct Site {
    /// The servers.
    pub(super) servers: Vec<ServerProcess>,
    /// A client of each.
    pub(super) apis: Vec<Api>,
    /// The database that takes writes.
    pub(super) primary: Cluster,
    /// The one that follows it, if there is one.
    pub(super) replica: Option<Cluster>,
    /// The ledger's database in them.
    pub(super) database: String,
    folder: TempDir,
}

impl Site {
    /// Starts servers on a database of their own that post their notices to one receiver.
    pub(super) async fn start(servers: usize, with_replica: bool, webhook: &str) -> Result<Self, String> {
        Self::start_with(servers, with_replica, ("DAICHO_WEBHOOK", webhook)).await
    }

    /// The same with a setting of the servers' environment that says who is told.
    pub(super) async fn start_with(servers: usize, with_replica: bool, told: (&str, &str)) -> Result<Self, String> {
        let primary = Cluster::start()?;
        let database = primary.database();
        let mut replica = None;
        if with_replica {
            let mut follower = Cluster::empty()?;
            follower.follow(&primary)?;
            primary.wait_for_followers();
            replica = Some(follower);
        }
        let folder = tempfile::tempdir().map_err(|error| error.to_string())?;
        let mut site = Self { servers: Vec::new(), apis: Vec::new(), primary, replica, database, folder };
        for number in 0..servers {
            let environment = vec![
                ("DAICHO_LEDGER".into(), site.url()),
                ("DAICHO_AUTHORITY".into(), site.folder.path().join("authority").display().to_string()),
                (told.0.into(), told.1.into()),
                // That the database is away is what these tests are about.
                ("DAICHO_LOG".into(), "error".into()),
            ];
            let data = site.folder.path().join(format!("server-{number}"));
            let (server, api) = ServerProcess::start_with(&data, environment).await;
            site.servers.push(server);
            site.apis.push(api);
        }
        Ok(site)
    }

    /// The address of the ledger, whichever database takes writes.
    pub(super) fn url(&self) -> String {
        let clusters: Vec<&Cluster> = std::iter::once(&self.primary).chain(&self.replica).collect();
        Cluster::url_of(&clusters, &self.database)
    }

    /// Kills a server without warning and starts it again.
    pub(super) async fn kill_server(&mut self, number: usize) {
        self.apis[number] = self.servers[number].restart().await;
    }

    /// Kills the database without warning and starts it again.
    pub(super) fn kill_database(&mut self) {
        self.primary.kill();
        self.primary.run_server();
    }

    /// Kills the database for good; its replica takes its place, and what was the database comes back as the replica.
    pub(super) fn lose_primary(&mut self) {
        let replica = self.replica.take().unwrap();
        self.primary.kill();
        replica.promote();
        let mut lost = std::mem::replace(&mut self.primary, replica);
        lost.follow(&self.primary).unwrap();
        self.primary.wait_for_followers();
        self.replica = Some(lost);
    }

    /// The ledger as somebody reads it who only looks.
    pub(super) fn look(&self) -> Looking {
        harness::install_provider();
        let address = Address::parse(&self.primary.url(&self.database), None).unwrap();
        Looking::open(&address).unwrap()
    }

    /// What `daicho verify` says of the ledger: whether it is right, and its words.
    pub(super) fn verify(&self) -> (bool, String) {
        let mut verify = command(&executables().daicho);
        let output = verify.args(["verify", "--lang", "en"]).env("DAICHO_LEDGER", self.url()).output().unwrap();
        let words = [output.stdout, output.stderr].concat();
        (output.status.success(), String::from_utf8_lossy(&words).into_owned())
    }
}
