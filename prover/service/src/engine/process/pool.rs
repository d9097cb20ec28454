//! Engine processes, as the service holds them: as many as workers, each started when it is needed and kept
//! with the models that it has read.

use super::{
	serve::{self, ARGUMENT},
	wire::{self, Place, Report, Request},
	EngineConfig, Processes,
};
use crate::engine::Attempt;
use inference_primitives::{Hash, VkHash};
use parking_lot::{Condvar, Mutex};
use std::{
	collections::{BTreeMap, BTreeSet, VecDeque},
	io::{self, BufRead, BufReader, Read, Write},
	os::unix::process::{CommandExt, ExitStatusExt},
	process::{Child, ChildStderr, ChildStdin, ChildStdout, Command, ExitStatus, Stdio},
	sync::{
		atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering},
		mpsc, Arc, Weak,
	},
	thread::{self, JoinHandle},
	time::{Duration, Instant},
};

/// How long a process that was killed may take to be gone before its place is used again: it may hold much memory.
const MAX_DYING: Duration = Duration::from_secs(10);
/// Wait before a process that was killed is looked at again.
const DYING_PAUSE: Duration = Duration::from_millis(2);
/// Wait for a free process before it is looked whether one is still wanted.
const LEASE_PAUSE: Duration = Duration::from_millis(100);
/// Wait between two looks at processes that may hang, and at those that do not end.
const WATCH_PAUSE: Duration = Duration::from_millis(250);
/// Attempts at comparing a bundle with its keys, of which the first ended by what may pass.
const CHECK_ATTEMPTS: u32 = 2;
/// Last lines of a process's log that are kept, to say why it died.
const KEPT_LINES: usize = 8;
/// Most bytes of a line of a process's log; what is longer counts as several.
const MAX_LINE: u64 = 1024;
/// The program that is started.
const THIS_PROGRAM: &str = if cfg!(target_os = "linux") {
	"/proc/self/exe"
} else {
	"this program"
};
/// What the system sends for lack of memory.
const SIGKILL: i32 = 9;
/// What ends a process that asks for more than its bound.
const SIGABRT: i32 = 6;

/// See the module.
pub struct Pool {
	/// What each process is told first.
	config: Vec<u8>,
	memory_bytes: u64,
	spawner: Spawner,
	/// One for each worker, but for those in use; empty until they are needed.
	free: Mutex<Vec<Option<Process>>>,
	freed: Condvar,
	/// Attempts that wait for one.
	waiting: AtomicUsize,
	/// The models that processes are to hold.
	wanted: Mutex<BTreeMap<VkHash, Place>>,
	/// Bundles that could not be read when nobody waited for them.
	unreadable: Mutex<BTreeSet<Hash>>,
	/// Models in whose last attempt a process died: they get one that holds nothing else.
	suspects: Mutex<BTreeSet<VkHash>>,
	/// Held by who reads what nobody waits for: one at a time.
	warming: Mutex<()>,
	/// Wakes the thread that does.
	nudges: mpsc::SyncSender<()>,
	registry: Arc<Registry>,
}

/// The processes that run, wherever they are in use.
#[derive(Default)]
struct Registry {
	live: Mutex<BTreeMap<u64, Live>>,
	next: AtomicU64,
	/// Processes that ended although nobody asked them to.
	deaths: AtomicU64,
	/// Nothing is started any more.
	is_stopped: AtomicBool,
}

struct Live {
	child: Arc<Mutex<Child>>,
	/// Models that it may hold, by content hash of the bundle.
	holds: BTreeMap<Hash, VkHash>,
	/// Memory of these, bytes, about.
	bytes: u64,
	/// It holds something that is not wanted any more: it is ended when nobody uses it.
	is_retired: bool,
	/// Its last step, while nobody else sees to it that it goes on.
	watched: Option<Instant>,
	/// It was ended for want of a step.
	is_overdue: bool,
	/// It was killed, and nobody waits any more until it is gone.
	is_dying: bool,
}

/// Why there is no answer.
#[derive(Debug)]
pub enum Failure {
	/// It may pass.
	Passing(String),
	/// It will not.
	Lasting(String),
}

/// The end of a process that nobody asked for.
#[derive(Debug)]
pub struct Death {
	/// Its cause.
	pub reason: String,
	/// It asked for more memory than its bound.
	is_beyond_bound: bool,
}

impl From<String> for Death {
	fn from(reason: String) -> Self {
		Self {
			reason,
			is_beyond_bound: false,
		}
	}
}

impl Pool {
	/// No processes, of which at most `workers` will prove at the same time. One that is asked for anything but a
	/// proof is ended when it announces no step for `patience`.
	pub fn new(config: &EngineConfig, workers: usize, patience: Duration) -> io::Result<Arc<Self>> {
		let (nudges, nudged) = mpsc::sync_channel(1);
		let pool = Arc::new(Self {
			config: serde_json::to_vec(config)?,
			memory_bytes: config.memory_bytes,
			spawner: Spawner::new()?,
			free: Mutex::new((0..workers.max(1)).map(|_| None).collect()),
			freed: Condvar::new(),
			waiting: AtomicUsize::new(0),
			wanted: Mutex::default(),
			unreadable: Mutex::default(),
			suspects: Mutex::default(),
			warming: Mutex::default(),
			nudges,
			registry: Arc::default(),
		});
		let registry = Arc::downgrade(&pool.registry);
		let watching = thread::Builder::new().name("engine-watch".into());
		watching.spawn(move || watch(&registry, patience))?;
		let this = Arc::downgrade(&pool);
		let warming = thread::Builder::new().name("engine-warmer".into());
		// It ends with the pool, which has the sender.
		warming.spawn(move || {
			while nudged.recv().is_ok() {
				if let Some(pool) = this.upgrade() {
					pool.warm();
				}
			}
		})?;
		Ok(pool)
	}

	/// Starts the first process, and fails if it does not answer.
	pub fn start_first(&self) -> Result<(), Death> {
		let mut process = Process::start(self)?;
		let report = process.watched(&Request::Hello, |_| {})?;
		if !matches!(report, Report::Ready) {
			return Err(wire::UNEXPECTED.to_owned().into());
		}
		if let Some(place) = self.free.lock().first_mut() {
			*place = Some(process);
		}
		Ok(())
	}

	/// Has a process prove: `request`, which is about `model`. It is killed when `attempt` is stopped, but not
	/// while it reads the model, which is of use to others.
	pub fn prove(
		&self,
		model: &VkHash,
		place: &Place,
		request: &Request,
		attempt: &Attempt,
	) -> Result<Report, Failure> {
		// Until its model is there.
		attempt.wait();
		let is_suspect = self.suspects.lock().contains(model);
		let mut lease = self
			.lease(model, &place.bundle, is_suspect, attempt)
			.map_err(Failure::Passing)?;
		let mut process = match lease.process.take() {
			Some(process) => process,
			None => Process::start(self).map_err(|death| Failure::Passing(death.reason))?,
		};
		let is_alone = process.proofs == 0
			&& process.live(|live| live.holds.keys().all(|held| *held == place.bundle))
				!= Some(false);
		let mut ask = || {
			if process.live(|live| live.is_read(&place.bundle)) != Some(true) {
				match process.load(model, place, true, |step| attempt.report(step))? {
					Report::Holds { .. } => {},
					other => return Ok(other),
				}
			}
			if let Some(reason) = attempt.stopped() {
				return Err(reason.into());
			}
			attempt.begin();
			let child = process.child.clone();
			attempt.on_stop(Box::new(move || kill(&child)));
			let answered = process.ask(request, |step| attempt.report(step));
			attempt.settle();
			answered
		};
		let answered = ask();
		let is_stopped = attempt.stopped().is_some();
		process.proofs = process.proofs.saturating_add(1);
		let result = match answered {
			Ok(report) => {
				self.suspects.lock().remove(model);
				// One that was stopped was killed, or is about to be.
				if is_stopped {
					drop(process);
				} else {
					lease.process = Some(process);
				}
				Ok(report)
			},
			// It was cancelled while it read the model: that was not for nothing.
			Err(death) if is_stopped && process.is_alive() && !process.is_asked => {
				lease.process = Some(process);
				Err(Failure::Passing(death.reason))
			},
			Err(death) if is_stopped => {
				drop(process);
				Err(Failure::Passing(death.reason))
			},
			Err(death) => {
				drop(process);
				let is_lasting = is_alone && death.is_beyond_bound;
				if is_lasting {
					self.suspects.lock().remove(model);
				} else {
					self.suspects.lock().insert(*model);
				}
				self.mourn(
					&death,
					"its job is tried again in another, if that may help",
				);
				if is_lasting {
					Err(Failure::Lasting(death.reason))
				} else {
					Err(Failure::Passing(death.reason))
				}
			},
		};
		drop(lease);
		self.nudge();
		result
	}

	/// Has a process of its own compare the keys of a bundle with its model, and once more if the first died.
	pub fn check(&self, model: &VkHash, place: Place) -> Result<Report, Death> {
		let request = Request::Check(place);
		let mut attempt = 1;
		loop {
			let mut process = Process::start(self)?;
			let checked = process.watched(&request, |step| tracing::debug!(%model, step));
			match checked {
				Ok(report) => return Ok(report),
				Err(death) => {
					self.registry.check_started()?;
					self.mourn(&death, "it compared a bundle with its keys");
					if death.is_beyond_bound || attempt >= CHECK_ATTEMPTS {
						return Err(death);
					}
				},
			}
			attempt += 1;
		}
	}

	fn mourn(&self, death: &Death, consequence: &str) {
		self.registry.deaths.fetch_add(1, Ordering::Relaxed);
		tracing::warn!(death = death.reason, "ENGINE PROCESS DIED: {consequence}");
	}

	/// Waits for a place. Prefers a process that holds the bundle, then one that runs; for what is suspected of
	/// taking too much memory an empty place, which it gets in any case.
	fn lease(
		&self,
		model: &VkHash,
		bundle: &Hash,
		is_suspect: bool,
		attempt: &Attempt,
	) -> Result<Lease<'_>, String> {
		let _waits = Waits::new(&self.waiting);
		let mut free = self.free.lock();
		loop {
			self.registry.check_started()?;
			if let Some(reason) = attempt.stopped() {
				return Err(reason);
			}
			let preference = |slot: &Option<Process>| match slot {
				None if is_suspect => 3,
				Some(process)
					if process.live(|live| live.holds.contains_key(bundle)) == Some(true) =>
				{
					2
				},
				Some(_) => 1,
				None => 0,
			};
			let best = (0..free.len()).max_by_key(|index| free.get(*index).map(preference));
			if let Some(index) = best {
				let process = free.swap_remove(index);
				drop(free);
				let mut lease = Lease {
					pool: self,
					process,
				};
				lease.leave_dead();
				if is_suspect {
					if let Some(other) = lease.process.take() {
						tracing::info!(%model, "gets a process of its own, as one died with it");
						drop(other);
					}
				}
				return Ok(lease);
			}
			// Whoever has the places is seen to end.
			attempt.wait();
			self.freed.wait_for(&mut free, LEASE_PAUSE);
		}
	}

	/// Has processes hold this model from now on, as far as there is room.
	pub fn want(&self, model: &VkHash, place: &Place) {
		self.unreadable.lock().remove(&place.bundle);
		let before = self.wanted.lock().insert(*model, place.clone());
		// What was built anew leaves nothing behind.
		if before.is_some_and(|before| before.bundle != place.bundle) {
			self.retire(|live| {
				live.holds
					.iter()
					.any(|(held, of)| of == model && *held != place.bundle)
			});
		}
		self.nudge();
	}

	fn nudge(&self) {
		// An error: it is awake already, or ended.
		let _ = self.nudges.try_send(());
	}

	/// Has free processes read what is wanted, until all is done or an attempt waits for a process.
	pub fn warm(&self) {
		loop {
			let _alone = self.warming.lock();
			let Some((mut lease, model, place)) = self.cold() else {
				return;
			};
			lease.leave_dead();
			let process = lease.process.take();
			let started = process.map_or_else(|| Process::start(self), Ok);
			let loaded = started.and_then(|mut process| {
				process.tried.insert(place.bundle);
				let report = process.load(&model, &place, false, |step| {
					tracing::debug!(%model, step);
				})?;
				lease.process = Some(process);
				Ok(report)
			});
			if self.registry.check_started().is_err() {
				return;
			}
			let reason = match loaded {
				Ok(Report::Holds { .. }) => continue,
				Ok(Report::Failed(failure)) => failure.into_error(model).to_string(),
				Ok(_) => wire::UNEXPECTED.into(),
				Err(death) => {
					self.mourn(&death, "it read a proving key");
					death.reason
				},
			};
			tracing::warn!(%model, reason, "the proving key cannot be read; a job will try again");
			self.unreadable.lock().insert(place.bundle);
		}
	}

	/// A free place that was not tried with a model that is wanted, and that model; nothing if an attempt waits.
	fn cold(&self) -> Option<(Lease<'_>, VkHash, Place)> {
		let wanted = {
			let unreadable = self.unreadable.lock();
			let mut wanted = self.wanted.lock().clone();
			wanted.retain(|_, place| !unreadable.contains(&place.bundle));
			wanted
		};
		// The next attempt of one of these gets an empty place.
		let has_suspects = !self.suspects.lock().is_empty();
		let mut free = self.free.lock();
		if self.waiting.load(Ordering::SeqCst) > 0 || self.registry.check_started().is_err() {
			return None;
		}
		let missing = |slot: &Option<Process>| {
			let mut wanted = wanted.iter();
			wanted.find(|(_, place)| {
				slot.as_ref().map_or(!has_suspects, |process| {
					!process.tried.contains(&place.bundle)
						&& process.live(|live| live.is_read(&place.bundle)) != Some(true)
				})
			})
		};
		let mut places = free.iter().enumerate();
		let (index, (model, place)) =
			places.find_map(|(index, slot)| Some((index, missing(slot)?)))?;
		let process = free.swap_remove(index);
		let lease = Lease {
			pool: self,
			process,
		};
		Some((lease, *model, place.clone()))
	}

	/// Ends the processes that may hold `model`: at once, or when they are free.
	pub fn forget(&self, model: &VkHash) {
		self.wanted.lock().remove(model);
		self.suspects.lock().remove(model);
		self.retire(|live| live.holds.values().any(|held| held == model));
		self.nudge();
	}

	fn retire(&self, is_meant: impl Fn(&Live) -> bool) {
		// First, so that who gives one back meanwhile sees it.
		for live in self.registry.live.lock().values_mut() {
			live.is_retired |= is_meant(live);
		}
		let retired: Vec<Process> = {
			let mut free = self.free.lock();
			let retired = |slot: &mut Option<Process>| slot.take_if(|process| process.is_retired());
			free.iter_mut().filter_map(retired).collect()
		};
		drop(retired);
	}

	/// Ends all processes, and starts none any more.
	pub fn stop(&self) {
		self.registry.is_stopped.store(true, Ordering::SeqCst);
		let children: Vec<_> = {
			let live = self.registry.live.lock();
			live.values().map(|live| live.child.clone()).collect()
		};
		children.iter().for_each(kill);
		children.iter().for_each(|child| {
			reap(child, MAX_DYING);
		});
	}

	/// What there is.
	pub fn processes(&self) -> Processes {
		let live = self.registry.live.lock();
		Processes {
			running: live.len(),
			deaths: self.registry.deaths.load(Ordering::Relaxed),
			model_bytes: live.values().map(|live| live.bytes).sum(),
		}
	}
}

impl Registry {
	fn check_started(&self) -> Result<(), String> {
		if self.is_stopped.load(Ordering::SeqCst) {
			return Err("the service stops".into());
		}
		Ok(())
	}

	/// Forgets a process that was killed, once it is gone: at once, or when it is looked at again.
	fn bury(&self, id: u64, child: &Arc<Mutex<Child>>, patience: Duration) {
		reap(child, patience);
		let mut live = self.live.lock();
		if is_gone(child) {
			live.remove(&id);
		} else if let Some(live) = live.get_mut(&id) {
			live.is_dying = true;
			live.watched = None;
			let pid = live.child.lock().id();
			tracing::error!(
				pid,
				"an engine process was killed and does not end: it may hold memory"
			);
		}
	}

	/// Ends what announces no step for `patience`, and forgets what is gone at last.
	fn look(&self, patience: Duration) {
		let mut live = self.live.lock();
		live.retain(|_, live| !(live.is_dying && is_gone(&live.child)));
		for live in live.values_mut() {
			if live.watched.is_some_and(|step| step.elapsed() >= patience) {
				live.watched = None;
				live.is_overdue = true;
				kill(&live.child);
			}
		}
	}
}

impl Live {
	fn is_read(&self, bundle: &Hash) -> bool {
		self.holds.contains_key(bundle)
	}
}

fn watch(registry: &Weak<Registry>, patience: Duration) {
	while let Some(registry) = registry.upgrade() {
		registry.look(patience);
		drop(registry);
		thread::sleep(WATCH_PAUSE);
	}
}

/// Counts one who waits, until it is dropped.
struct Waits<'a>(&'a AtomicUsize);

impl<'a> Waits<'a> {
	fn new(waiting: &'a AtomicUsize) -> Self {
		waiting.fetch_add(1, Ordering::SeqCst);
		Self(waiting)
	}
}

impl Drop for Waits<'_> {
	fn drop(&mut self) {
		self.0.fetch_sub(1, Ordering::SeqCst);
	}
}

/// A worker's place in the pool, given back when it is dropped.
struct Lease<'a> {
	pool: &'a Pool,
	process: Option<Process>,
}

impl Lease<'_> {
	/// Empties the place if its process ended while nobody used it.
	fn leave_dead(&mut self) {
		if self
			.process
			.take_if(|process| !process.is_alive())
			.is_some()
		{
			self.pool.registry.deaths.fetch_add(1, Ordering::Relaxed);
			tracing::warn!("an idle engine process is gone; another is started");
		}
	}
}

impl Drop for Lease<'_> {
	fn drop(&mut self) {
		let retired = {
			let mut free = self.pool.free.lock();
			// Under this lock: whoever retires it now finds it here, or has marked it.
			let retired = self.process.take_if(|process| process.is_retired());
			free.push(self.process.take());
			retired
		};
		self.pool.freed.notify_one();
		drop(retired);
	}
}

/// An engine process. It ends when this is dropped.
pub struct Process {
	id: u64,
	registry: Arc<Registry>,
	child: Arc<Mutex<Child>>,
	input: ChildStdin,
	output: BufReader<ChildStdout>,
	log: Arc<Mutex<VecDeque<String>>>,
	logging: Option<JoinHandle<()>>,
	memory_bytes: u64,
	/// Proofs that it was asked for.
	proofs: u64,
	/// It owes an answer.
	is_asked: bool,
	/// Bundles that it was to read while nobody waited for them.
	tried: BTreeSet<Hash>,
}

impl Process {
	/// Starts one.
	fn start(pool: &Pool) -> Result<Self, Death> {
		pool.registry.check_started()?;
		let failed = |error: io::Error| format!("the engine process cannot be started: {error}");
		let mut child = pool.spawner.spawn().map_err(failed)?;
		let piped = (child.stdin.take(), child.stdout.take(), child.stderr.take());
		let id = pool.registry.next.fetch_add(1, Ordering::Relaxed);
		tracing::debug!(pid = child.id(), "engine process started");
		let child = Arc::new(Mutex::new(child));
		let live = Live {
			child: child.clone(),
			holds: BTreeMap::new(),
			bytes: 0,
			is_retired: false,
			watched: None,
			is_overdue: false,
			is_dying: false,
		};
		pool.registry.live.lock().insert(id, live);
		let (Some(input), Some(output), Some(errors)) = piped else {
			unreachable!("the three of them are piped");
		};
		let log = Arc::new(Mutex::new(VecDeque::new()));
		let kept = log.clone();
		let mut process = Self {
			id,
			registry: pool.registry.clone(),
			child,
			input,
			output: BufReader::new(output),
			log,
			logging: None,
			memory_bytes: pool.memory_bytes,
			proofs: 0,
			is_asked: false,
			tried: BTreeSet::new(),
		};
		let logging = thread::Builder::new().name("engine-log".into());
		let logging = logging.spawn(move || pass_on(errors, &kept));
		process.logging = Some(logging.map_err(failed)?);
		// Nobody that stopped all has missed it.
		pool.registry.check_started()?;
		wire::write_frame(&mut process.input, &pool.config)
			.map_err(|error| process.death(&error))?;
		Ok(process)
	}

	/// Has it do `request`, and passes the steps on. Fails if it ends, or says what cannot be understood.
	fn ask(&mut self, request: &Request, mut step: impl FnMut(String)) -> Result<Report, Death> {
		let mut answer = || {
			wire::send(&mut self.input, request)?;
			loop {
				match wire::receive(&mut self.output)? {
					Some(Report::Step(announced)) => step(announced),
					Some(report) => return Ok(report),
					None => return Err(io::ErrorKind::UnexpectedEof.into()),
				}
			}
		};
		self.is_asked = true;
		let answered = answer();
		self.is_asked = answered.is_err();
		answered.map_err(|error| self.death(&error))
	}

	/// [`Self::ask`]; it is ended if it announces no step for the pool's patience.
	fn watched(
		&mut self,
		request: &Request,
		mut step: impl FnMut(String),
	) -> Result<Report, Death> {
		let (registry, id) = (self.registry.clone(), self.id);
		let watch = |watched: Option<Instant>| {
			if let Some(live) = registry.live.lock().get_mut(&id) {
				live.watched = watched;
			}
		};
		watch(Some(Instant::now()));
		let answered = self.ask(request, |announced| {
			watch(Some(Instant::now()));
			step(announced);
		});
		watch(None);
		answered
	}

	/// Has it read a model, and takes note of what it holds then.
	fn load(
		&mut self,
		model: &VkHash,
		place: &Place,
		evict: bool,
		step: impl FnMut(String),
	) -> Result<Report, Death> {
		// What it reads it holds in part.
		self.live(|live| live.holds.insert(place.bundle, *model));
		let place = place.clone();
		let report = self.watched(&Request::Load { place, evict }, step)?;
		self.live(|live| match &report {
			Report::Holds { bundles, bytes } => {
				live.holds.retain(|held, _| bundles.contains(held));
				live.bytes = *bytes;
			},
			// Nothing that is known: it is asked for again.
			_ => live.holds.retain(|_, held| held != model),
		});
		Ok(report)
	}

	fn live<T>(&self, with: impl FnOnce(&mut Live) -> T) -> Option<T> {
		self.registry.live.lock().get_mut(&self.id).map(with)
	}

	fn is_retired(&self) -> bool {
		self.live(|live| live.is_retired) != Some(false)
	}

	fn is_alive(&self) -> bool {
		!is_gone(&self.child)
	}

	/// Why it died; kills it if it did not.
	fn death(&mut self, error: &io::Error) -> Death {
		// What closed its end is about to be gone by itself, with the status that tells why.
		let is_closed = matches!(
			error.kind(),
			io::ErrorKind::UnexpectedEof | io::ErrorKind::BrokenPipe
		);
		let mut status = is_closed.then(|| reap(&self.child, MAX_DYING)).flatten();
		if status.is_none() {
			kill(&self.child);
			status = reap(&self.child, MAX_DYING);
		}
		let Some(status) = status else {
			return format!("the engine process failed ({error}), and does not end").into();
		};
		if let Some(logging) = self.logging.take() {
			// It does not panic; if it did, there would be less to tell.
			let _ = logging.join();
		}
		if self.live(|live| live.is_overdue) == Some(true) {
			let reason =
				"the engine process announced no step for the time-out (--job-timeout-seconds)";
			return reason.to_owned().into();
		}
		let words = last_words(&self.log.lock());
		let is_for_memory = words
			.as_ref()
			.is_some_and(|words| words.contains("memory allocation"));
		Death {
			is_beyond_bound: self.memory_bytes > 0
				&& status.signal() == Some(SIGABRT)
				&& is_for_memory,
			reason: describe(status, words, self.memory_bytes),
		}
	}
}

impl Drop for Process {
	fn drop(&mut self) {
		kill(&self.child);
		self.registry.bury(self.id, &self.child, MAX_DYING);
	}
}

fn kill(child: &Arc<Mutex<Child>>) {
	// An error: it is gone.
	let _ = child.lock().kill();
}

/// Whether a process has ended, or is not this one's any more.
fn is_gone(child: &Arc<Mutex<Child>>) -> bool {
	!matches!(child.lock().try_wait(), Ok(None))
}

/// Waits for the end of a process that was killed or closed its pipes.
fn reap(child: &Arc<Mutex<Child>>, longest: Duration) -> Option<ExitStatus> {
	let since = Instant::now();
	loop {
		match child.lock().try_wait() {
			Ok(Some(status)) => return Some(status),
			Ok(None) if since.elapsed() < longest => {},
			Ok(None) | Err(_) => return None,
		}
		thread::sleep(DYING_PAUSE);
	}
}

fn describe(status: ExitStatus, words: Option<String>, memory_bytes: u64) -> String {
	let words = words.map(|words| format!(": {words}")).unwrap_or_default();
	let ended = match (status.signal(), status.code()) {
		(Some(SIGKILL), _) => {
			"the engine process was killed by signal 9, perhaps for memory".to_owned()
		},
		(Some(SIGABRT), _) => format!("the engine process aborted (signal 6){words}"),
		(Some(signal), _) => format!("the engine process was killed by signal {signal}{words}"),
		(None, Some(serve::PANICKED)) => format!("the engine panicked{words}"),
		(None, code) => {
			let code = code.unwrap_or_default();
			format!("the engine process ended with code {code}{words}")
		},
	};
	// A thread that cannot be started panics, and has no memory for its stack.
	match memory_bytes >> 20 {
		0 => ended,
		mib => format!("{ended}; its bound is {mib} MiB (--engine-memory-mib)"),
	}
}

/// The line that tells most about its end: what the allocator or a panic says, else the last.
fn last_words(log: &VecDeque<String>) -> Option<String> {
	let tells = |line: &&String| line.contains("memory allocation") || line.contains("panicked");
	log.iter().rev().find(tells).or(log.back()).cloned()
}

/// Passes the process's log on, and keeps the last lines.
fn pass_on(errors: ChildStderr, kept: &Mutex<VecDeque<String>>) {
	let mut errors = BufReader::new(errors);
	loop {
		let mut line = Vec::new();
		match (&mut errors).take(MAX_LINE).read_until(b'\n', &mut line) {
			Ok(read) if read > 0 => {},
			_ => return,
		}
		// The service goes on without a log.
		let _ = io::stderr().write_all(&line);
		let text = String::from_utf8_lossy(&line).trim().to_owned();
		let mut kept = kept.lock();
		if !text.is_empty() {
			kept.push_back(text);
		}
		if kept.len() > KEPT_LINES {
			kept.pop_front();
		}
	}
}

/// Starts processes, all from one thread: on Linux they end with the thread that started them, so it
/// lives as long as the pool, which those of the runtime do not.
struct Spawner(mpsc::Sender<mpsc::Sender<io::Result<Child>>>);

impl Spawner {
	fn new() -> io::Result<Self> {
		let (sender, wanted) = mpsc::channel::<mpsc::Sender<io::Result<Child>>>();
		let starting = thread::Builder::new().name("engine-spawner".into());
		starting.spawn(move || {
			for reply in wanted {
				// Nobody may wait any more.
				let spawned = command().and_then(|mut command| command.spawn());
				let _ = reply.send(spawned.map_err(|error| {
					let text = format!("{THIS_PROGRAM}: {error}");
					io::Error::new(error.kind(), text)
				}));
			}
		})?;
		Ok(Self(sender))
	}

	fn spawn(&self) -> io::Result<Child> {
		let (sender, reply) = mpsc::channel();
		let gone = || io::Error::other("the thread that starts processes is gone");
		self.0.send(sender).map_err(|_| gone())?;
		reply.recv().map_err(|_| gone())?
	}
}

fn command() -> io::Result<Command> {
	// This very program, although its file may have been replaced since.
	let mut command = if cfg!(target_os = "linux") {
		let mut command = Command::new(THIS_PROGRAM);
		command.arg0("inference-prover");
		command
	} else {
		Command::new(std::env::current_exe()?)
	};
	command
		.arg(ARGUMENT)
		.stdin(Stdio::piped())
		.stdout(Stdio::piped())
		.stderr(Stdio::piped())
		// To print one takes memory, and none may be left: then the process would hang instead of ending.
		.env("RUST_BACKTRACE", "0")
		// What the terminal sends to the service's group is the service's to answer.
		.process_group(0);
	Ok(command)
}

#[cfg(test)]
mod tests {
	use super::*;

	#[test]
	fn a_program_that_does_not_speak_as_an_engine_should_fail_by_name_at_the_start() {
		// The program of the tests: told the argument, it says how many tests it ran.
		let config = EngineConfig::default();
		let pool = Pool::new(&config, 1, Duration::from_secs(60)).unwrap();
		let death = pool.start_first().unwrap_err();
		assert!(!death.reason.is_empty() && !death.is_beyond_bound);
		let start = super::super::StartError::Process(death.reason).to_string();
		assert!(
			start.contains("/proc") && start.contains("--engine-memory-mib"),
			"{start}"
		);
		assert_eq!(pool.processes().running, 0);
	}

	/// A process that does nothing, in a registry.
	fn sleeping(registry: &Registry, watched: Option<Instant>) -> Arc<Mutex<Child>> {
		let child = Command::new("sleep").arg("600").spawn().unwrap();
		let child = Arc::new(Mutex::new(child));
		let live = Live {
			child: child.clone(),
			holds: BTreeMap::new(),
			bytes: 0,
			is_retired: false,
			watched,
			is_overdue: false,
			is_dying: false,
		};
		registry.live.lock().insert(7, live);
		child
	}

	#[test]
	fn a_process_that_does_not_end_should_be_counted_until_it_does() {
		let registry = Registry::default();
		// Not killed: so it does not end, as one would that the system cannot stop.
		let child = sleeping(&registry, None);
		registry.bury(7, &child, Duration::from_millis(20));
		registry.look(Duration::from_secs(600));
		assert!(registry.live.lock().get(&7).unwrap().is_dying);
		kill(&child);
		assert!(reap(&child, MAX_DYING).is_some());
		registry.look(Duration::from_secs(600));
		assert!(registry.live.lock().is_empty());
	}

	#[test]
	fn what_announces_no_step_should_be_ended_but_only_while_it_is_watched() {
		let registry = Registry::default();
		let child = sleeping(&registry, None);
		registry.look(Duration::ZERO);
		assert!(!is_gone(&child));
		registry.live.lock().get_mut(&7).unwrap().watched = Some(Instant::now());
		registry.look(Duration::from_secs(600));
		assert!(!is_gone(&child));
		registry.look(Duration::ZERO);
		assert!(registry.live.lock().get(&7).unwrap().is_overdue);
		assert_eq!(reap(&child, MAX_DYING).unwrap().signal(), Some(SIGKILL));
	}

	#[test]
	fn a_death_should_be_told_with_its_cause_and_the_bound_that_may_be_raised() {
		let log = VecDeque::from([
			"memory allocation of 99 bytes failed".to_owned(),
			"a further line".to_owned(),
		]);
		let words = || last_words(&log);
		let aborted = describe(ExitStatus::from_raw(SIGABRT), words(), 64 << 20);
		assert!(aborted.contains("99 bytes failed; its bound is 64 MiB (--engine-memory-mib)"));
		let killed = describe(ExitStatus::from_raw(SIGKILL), words(), 0);
		assert!(
			killed.contains("signal 9") && killed.contains("for memory"),
			"{killed}"
		);
		let panicked = describe(ExitStatus::from_raw(serve::PANICKED << 8), None, 0);
		assert_eq!(panicked, "the engine panicked");
	}
}
