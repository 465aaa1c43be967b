//! Everything that a demo needs: keys, two ledgers with their entries, services on loopback ports,
//! wallets and a verifier.

use std::{
    fs::{self, File, TryLockError},
    path::Path,
    time::Instant,
};

use anyhow::{Context as _, bail};
use ed25519_dalek::SigningKey;
use rand::{RngCore as _, rngs::OsRng};
use rayon::prelude::*;
use serde_json::json;
use tokio::{sync::oneshot, task::JoinHandle};
use wufu_circuits::{Address, Kind, Seed};
use wufu_groth16::PreparedKey;
use wufu_ledger::{
    Ledger, LedgerPolicy, Owners, Placement,
    generate::LogShape,
    import::{self as csv, CsvFormat, date::Zone},
};
use wufu_proto::{
    append::{Append, AppendOutcome, CardIssue},
    grant::DonationReceipt,
    v1::{self, ledger_service_client::LedgerServiceClient},
};
use wufu_verifier::{
    Amount, CircuitName, ProjectSet, ProofRequest, Trust, VerifyingKey,
    encoding::hex,
    log::{checkpoint::Checkpoint, history::LogHistory, signed_note::LogKey},
};
use wufu_wallet::{BlindProver, Endpoint, GrpcSource, NoteFile, Sources, Wallet};
use zeroize::Zeroizing;

use super::{
    args::DemoArgs,
    question::{question, write_request},
    servers::Servers,
};
use crate::{
    files::{
        self,
        write::{CHECKPOINTS, LOG_KEY, VERIFYING_KEY},
    },
    human,
    ledger::{self, import},
    output::{Output, duration},
    serve, setup, source,
};

/// The text from which the demo's made-up owners are derived.
pub const OWNERS: &str = "wufu demo";
/// The file that marks a folder as a demo's, so that it may be replaced.
const MARKER: &str = ".wufu-demo";

/// A ledger that is served, as others see it.
pub struct Site {
    /// The organisation that runs it.
    pub org: String,
    /// The address that it listens on.
    pub endpoint: Endpoint,
    /// The logs that the demo uses.
    pub origins: Vec<String>,
    /// The checkpoints of these logs, opened with the pinned key.
    pub histories: Vec<LogHistory>,
    mirror: std::path::PathBuf,
    ledger: Ledger,
    task: Service,
}

impl Site {
    /// What a wallet reads, and what it compares with.
    pub fn sources(&self) -> Sources {
        let ledger = GrpcSource::new(self.endpoint.clone());
        Sources::compared(ledger, NoteFile::new(&self.mirror))
    }

    /// The ledger itself, for tasks of its operator.
    pub fn ledger(&self) -> &Ledger {
        &self.ledger
    }
}

/// A service that runs until it is told to end.
struct Service {
    end: oneshot::Sender<()>,
    task: JoinHandle<anyhow::Result<()>>,
}

impl Service {
    async fn end(self) -> anyhow::Result<()> {
        // If the service has already ended, its result below says why.
        let _ = self.end.send(());
        self.task.await?
    }
}

/// All parts of the demo.
pub struct World {
    /// The time of the demo, in Unix seconds.
    pub now: u64,
    /// The campaign: cards and persons.
    pub campaign: Site,
    /// The charity: donations.
    pub charity: Site,
    /// The verifying key of Five Fu.
    pub five_fu: VerifyingKey,
    /// The verifying key of Donation.
    pub donation: VerifyingKey,
    /// The blind prover of Mei and Bo.
    pub claimants: BlindProver,
    /// The blind prover of the donor: the same servers, with the donor's own tokens.
    pub donors: BlindProver,
    /// Mei's wallet, which holds all five cards.
    pub mei: Wallet,
    /// Bo's wallet, which holds four kinds, one of them twice.
    pub bo: Wallet,
    /// Bo's seed, for the forgery that must fail.
    pub bo_seed: Seed,
    /// The donor's wallet.
    pub donor: Wallet,
    /// The donor's seed, for the forgery that must fail.
    pub donor_seed: Seed,
    /// The donor's receipt.
    pub receipt: DonationReceipt,
    /// All projects of the charity.
    pub projects: ProjectSet,
    /// The verifier's request.
    pub request: ProofRequest,
    // Two processes, which end when this is dropped.
    _servers: Servers,
    // Locked as long as the demo runs.
    _marker: File,
}

impl World {
    /// Builds everything in the demo's folder.
    pub async fn build(args: &DemoArgs, output: Output) -> anyhow::Result<Self> {
        let dir = &args.dir;
        // First, because the rest takes long, and replaces an earlier demo.
        let currency = currency(args)?;
        let marker = fresh(dir)?;
        let provers = keys(output)?;
        let keys: Vec<VerifyingKey> =
            provers.iter().map(|key| key.verifying_key().clone()).collect();
        let [five_fu, donation] = <[_; 2]>::try_from(keys).ok().context("two keys were made")?;

        let (mei_seed, bo_seed) = (Seed::random(&mut OsRng), Seed::random(&mut OsRng));
        let campaign =
            Ledger::create(&dir.join("campaign"), &policy("wufu", None)?, files::now()?).await?;
        let (mei, bo) = (mei_seed.address("wufu"), bo_seed.address("wufu"));
        let grants = give(&campaign, args.crowd, &mei, &bo, output).await?;

        let charity = Ledger::create(
            &dir.join("charity"),
            &policy("charity", Some(&currency))?,
            files::now()?,
        )
        .await?;
        import(&charity, args, output).await?;
        charity.close_epoch(files::now()?).await?;
        let receipt = some_donation(&charity).await?;

        let campaign_key = campaign.log_key().clone();
        let charity_key = charity.log_key().clone();
        let campaign =
            site(dir, "campaign", campaign, &["cards", "persons"], Some(five_fu.clone()), output)
                .await?;
        let charity = site(dir, "charity", charity, &["donations/1"], None, output).await?;
        let servers = Servers::start(dir, output)?;

        let mei = wallet(&dir.join("mei"), mei_seed, &campaign_key, &five_fu)?;
        let bo = wallet(&dir.join("bo"), bo_seed.clone(), &campaign_key, &five_fu)?;
        receive(&mei, &grants[0])?;
        receive(&bo, &grants[1])?;
        let donor_seed = Seed::dev_owner(OWNERS, &receipt.receipt);
        let donor = wallet(&dir.join("donor"), donor_seed.clone(), &charity_key, &donation)?;
        donor.receive_donation(&receipt)?;
        let claimants = servers.prover(dir, "mei", &provers[0], output)?;
        let donors = servers.prover(dir, "donor", &provers[1], output)?;
        drop(provers);

        let projects = projects(&charity.endpoint, &charity_key).await?;
        let now = files::now()?;
        let signing = verifier(&dir.join("verifier"), &donation, &charity_key, &charity)?;
        let asked = question(&charity.origins[0], &projects, donation.id(), Amount::MIN, now)?;
        let request = ProofRequest::sign(&signing, asked)?;
        write_request(&dir.join("verifier/request.req"), &request)?;
        Ok(Self {
            now,
            campaign,
            charity,
            five_fu,
            donation,
            claimants,
            donors,
            mei,
            bo,
            bo_seed,
            donor,
            donor_seed,
            receipt,
            projects,
            request,
            _servers: servers,
            _marker: marker,
        })
    }

    /// Ends the services and closes the ledgers.
    pub async fn end(self) -> anyhow::Result<()> {
        let Self { campaign, charity, .. } = self;
        for site in [campaign, charity] {
            site.task.end().await?;
            site.ledger.close().await;
        }
        Ok(())
    }
}

/// Makes an empty folder. It replaces the folder of an earlier demo, but no other. The folder is
/// reserved for this demo until the returned file is closed.
fn fresh(dir: &Path) -> anyhow::Result<File> {
    let name = || dir.display().to_string();
    let marker = dir.join(MARKER);
    // Locked until the folder is deleted.
    let earlier = marker.exists().then(|| lock(&marker)).transpose()?;
    if dir.exists() {
        if earlier.is_none() && fs::read_dir(dir).with_context(name)?.next().is_some() {
            bail!(
                "{}: holds something other than a demo, expected a new or empty folder: choose one \
                 with --dir",
                name()
            );
        }
        fs::remove_dir_all(dir).with_context(name)?;
    }
    fs::create_dir_all(dir).with_context(name)?;
    fs::write(&marker, "The next demo replaces this folder.\n").with_context(name)?;
    lock(&marker)
}

fn lock(marker: &Path) -> anyhow::Result<File> {
    let name = || marker.display().to_string();
    let file = File::open(marker).with_context(name)?;
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(TryLockError::WouldBlock) => {
            bail!("{}: another demo runs in this folder: choose another with --dir", name())
        }
        Err(TryLockError::Error(error)) => Err(error).with_context(name),
    }
}

/// This user's development keys for both statements: the servers load them, and the wallets get
/// their kits.
fn keys(output: Output) -> anyhow::Result<Vec<PreparedKey>> {
    let began = Instant::now();
    let mut keys = Vec::new();
    for circuit in [CircuitName::FiveFu, CircuitName::Donation] {
        keys.push(tokio::task::block_in_place(|| {
            setup::prepared(circuit, setup::Memory::default(), output)
        })?);
    }
    let text = format!("keys: two development keys, ready in {}", duration(began.elapsed()));
    output.note("keys", text, json!({ "ms": super::report::ms(began.elapsed()) }));
    Ok(keys)
}

fn policy(org: &str, currency: Option<&str>) -> anyhow::Result<LedgerPolicy> {
    let mut policy = LedgerPolicy::new(org);
    policy.currency = currency.map(str::parse).transpose()?;
    Ok(policy)
}

/// The currency of the donations: the one of --currency, or else the one of the file's first row.
/// CNY without a file.
fn currency(args: &DemoArgs) -> anyhow::Result<String> {
    let Some(path) = &args.donations else { return Ok("CNY".into()) };
    if let Some(currency) = args.currency {
        return Ok(currency.into());
    }
    let found =
        csv::first_currency(import::open(path)?, &path.display().to_string(), &format(args)?)?;
    found.with_context(|| {
        format!(
            "{}: no row names a currency; say which it is with --currency CODE, or which column \
             names it with --map currency=COLUMN",
            path.display()
        )
    })
}

/// How to read the file of donations.
fn format(args: &DemoArgs) -> anyhow::Result<CsvFormat> {
    args.format.format(Some(Zone::UTC))
}

/// Registers a crowd, Mei and Bo. Everybody gets all five cards, except for Bo, who gets four kinds
/// and one of them twice. Returns what Mei and Bo receive.
async fn give(
    ledger: &Ledger,
    crowd: u32,
    mei: &Address,
    bo: &Address,
    output: Output,
) -> anyhow::Result<[AppendOutcome; 2]> {
    let began = Instant::now();
    let org = ledger.org().to_owned();
    let others: Vec<Address> = tokio::task::block_in_place(|| {
        let address = |n: u32| Seed::dev_owner(OWNERS, &n.to_le_bytes()).address(&org);
        (0..crowd).into_par_iter().map(address).collect()
    });
    let cards = |address: &Address, kinds: [Kind; 5]| {
        let address = address.clone();
        kinds.map(move |kind| CardIssue { address: address.clone(), kind, serial: None })
    };
    let mut four = Kind::ALL;
    four[4] = four[0];
    let everybody = others.iter().chain([mei]);
    let issued: Vec<CardIssue> =
        everybody.flat_map(|address| cards(address, Kind::ALL)).chain(cards(bo, four)).collect();
    let persons: Vec<Address> = others.iter().chain([mei, bo]).cloned().collect();
    let (card_count, person_count) = (issued.len(), persons.len());
    ledger.append(Append { cards: issued, persons, ..Append::default() }).await?;
    ledger.close_epoch(files::now()?).await?;
    let text = format!(
        "campaign: {}, {}, in {}",
        human::count(person_count, "person"),
        human::count(card_count, "card"),
        duration(began.elapsed())
    );
    let fields = json!({
        "persons": person_count, "cards": card_count, "ms": super::report::ms(began.elapsed()),
    });
    output.note("crowd", text, fields);
    Ok([ledger.grants_of(mei.pk).await?, ledger.grants_of(bo.pk).await?])
}

/// Imports the file, or makes up donations. Every receipt gets a made-up owner.
async fn import(charity: &Ledger, args: &DemoArgs, output: Output) -> anyhow::Result<()> {
    let owners = Owners::Development { seed: OWNERS.into(), org: charity.org().into() };
    let report = match &args.donations {
        Some(path) => {
            let format = format(args)?;
            import::import_file(charity, path, &format, owners, args.skip_bad, output).await?
        }
        None => {
            let shape = if args.full { LogShape::FULL } else { LogShape::TENTH };
            ledger::generate::generated(charity, 2018, &shape, owners, output).await?
        }
    };
    ledger::report::imported(charity, "import", &report, output.for_a_step());
    Ok(())
}

/// A donation of more than 0, from the middle of the log.
async fn some_donation(charity: &Ledger) -> anyhow::Result<DonationReceipt> {
    let origin = charity.origin(wufu_ledger::Log::DONATIONS);
    let size = charity.checkpoint(&origin, None).await?.size();
    for leaf_index in (size / 2..size).chain(0..size / 2) {
        let placed = Placement { donations: leaf_index..leaf_index + 1, ..Placement::default() };
        let receipt = charity.grants(&placed).await?.donations.pop();
        if let Some(receipt) = receipt.filter(|receipt| receipt.amount > Amount::MIN) {
            return Ok(receipt);
        }
    }
    bail!("every donation is of 0, expected one of more")
}

/// Serves a ledger, and reads its checkpoints as any client does.
async fn site(
    dir: &Path,
    folder: &str,
    ledger: Ledger,
    logs: &[&str],
    key: Option<VerifyingKey>,
    output: Output,
) -> anyhow::Result<Site> {
    let (org, log_key) = (ledger.org().to_owned(), ledger.log_key().clone());
    let mirror = dir.join(format!("{org}-mirror.notes"));
    let notes = ledger::read::notes(&dir.join(folder), None).await?.join("\n");
    files::write(&mirror, CHECKPOINTS, notes.as_bytes())?;
    let (listener, url) = serve::loopback().await?;
    let (end, ending) = oneshot::channel::<()>();
    let ended = async {
        let _ = ending.await;
    };
    let task = tokio::spawn(serve::serve_ledger(listener, ledger.clone(), key, ended));
    let text = format!("ledger of {org} on {url}");
    output.note("serving", text, json!({ "role": "ledger", "org": org, "url": url }));

    let mut client = LedgerServiceClient::new(source::connect(&url).await?);
    let origins: Vec<String> = logs.iter().map(|log| format!("{org}/{log}")).collect();
    let mut histories = Vec::new();
    for origin in &origins {
        let mut history = LogHistory::new(origin);
        let request = v1::ListCheckpointsRequest { origin: origin.clone(), from_epoch: 0 };
        for note in
            client.list_checkpoints(request).await.map_err(source::status)?.into_inner().notes
        {
            history.insert(Checkpoint::open(&log_key, &note)?)?;
        }
        histories.push(history);
    }
    let endpoint = url.parse()?;
    Ok(Site { org, endpoint, origins, histories, mirror, ledger, task: Service { end, task } })
}

fn wallet(dir: &Path, seed: Seed, log_key: &LogKey, key: &VerifyingKey) -> anyhow::Result<Wallet> {
    let wallet = Wallet::restore(dir, seed)?;
    // The key comes from the operator, and not from the service.
    wallet.pin_log_key(log_key)?;
    wallet.pin_verifying_key(key)?;
    Ok(wallet)
}

fn receive(wallet: &Wallet, grants: &AppendOutcome) -> anyhow::Result<()> {
    for card in &grants.cards {
        wallet.receive_card(card)?;
    }
    for person in &grants.persons {
        wallet.receive_person(person)?;
    }
    Ok(())
}

async fn projects(endpoint: &Endpoint, key: &LogKey) -> anyhow::Result<ProjectSet> {
    let channel = source::connect(&endpoint.to_string()).await?;
    let answer = LedgerServiceClient::new(channel).get_projects(v1::GetProjectsRequest {}).await;
    source::projects(key, &answer.map_err(source::status)?.into_inner().note)
}

/// Makes the verifier's folder, with its key and everything that it pins.
fn verifier(
    dir: &Path,
    key: &VerifyingKey,
    log_key: &LogKey,
    charity: &Site,
) -> anyhow::Result<SigningKey> {
    fs::create_dir_all(dir)?;
    let mut secret = Zeroizing::new([0; 32]);
    OsRng.fill_bytes(&mut *secret);
    let signing = SigningKey::from_bytes(&secret);
    let text = Zeroizing::new(hex::secret_line(&*secret));
    files::write_secret(&dir.join("verifier.key"), text.as_bytes())?;
    files::write(&dir.join("donation.vk"), VERIFYING_KEY, &key.encode())?;
    files::write(&dir.join("charity.pub"), LOG_KEY, format!("{log_key}\n").as_bytes())?;
    let notes: Vec<&str> = charity.histories[0].checkpoints().map(Checkpoint::note).collect();
    files::write(&dir.join("charity.notes"), CHECKPOINTS, notes.join("\n").as_bytes())?;
    // Check that the file can be read back.
    VerifyingKey::decode(&files::read(&dir.join("donation.vk"))?, Trust::AcceptDevelopment)?;
    Ok(signing)
}
