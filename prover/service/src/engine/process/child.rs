//! One engine process, its death, and how it is started.

use super::{
	pool::Pool,
	registry::{is_gone, kill, reap, Live, Registry, Watch},
	serve::{self, ARGUMENT},
	wire::{self, Message, Outcome, Place, Report, Request},
};
use inference_primitives::{Hash, VkHash};
use parking_lot::Mutex;
use std::{
	collections::{BTreeSet, VecDeque},
	io::{self, BufRead, BufReader, Read, Write},
	os::unix::process::{CommandExt, ExitStatusExt},
	process::{Child, ChildStderr, ChildStdin, ChildStdout, Command, ExitStatus, Stdio},
	sync::{mpsc, Arc},
	thread::{self, JoinHandle},
	time::{Duration, Instant},
};

/// How long a process that was killed may take to be gone before its place is used again: it may hold much memory.
pub const MAX_DYING: Duration = Duration::from_secs(10);
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

/// The end of a process that nobody asked for.
#[derive(Debug)]
pub struct Death {
	/// Its cause.
	pub reason: String,
	/// It has a bound of memory, and got none.
	pub is_for_memory: bool,
	/// It was there; otherwise it could not be started.
	pub has_lived: bool,
}

impl From<String> for Death {
	fn from(reason: String) -> Self {
		Self {
			reason,
			is_for_memory: false,
			has_lived: true,
		}
	}
}

/// How long a process is waited for that announces nothing.
#[derive(Clone, Copy)]
pub struct Patience {
	/// So long.
	pub time: Duration,
	/// What is said of it then.
	pub reason: &'static str,
}

/// An engine process. It ends when this is dropped.
pub struct Process {
	id: u64,
	registry: Arc<Registry>,
	pub(super) child: Arc<Mutex<Child>>,
	input: Arc<Mutex<ChildStdin>>,
	output: BufReader<ChildStdout>,
	log: Arc<Mutex<VecDeque<String>>>,
	logging: Option<JoinHandle<()>>,
	memory_bytes: u64,
	patience: Patience,
	/// Proofs that it was asked for.
	pub proofs: u64,
	/// Bundles that it was to read while nobody waited for them.
	pub tried: BTreeSet<Hash>,
}

impl Process {
	/// Starts one.
	pub fn start(pool: &Pool) -> Result<Self, Death> {
		let registry = &pool.registry;
		registry.check_started()?;
		let failed = |error: io::Error| Death {
			reason: format!("the engine process cannot be started: {error}"),
			is_for_memory: false,
			has_lived: false,
		};
		let mut child = pool.spawner.spawn().map_err(failed)?;
		let piped = (child.stdin.take(), child.stdout.take(), child.stderr.take());
		let id = registry.number();
		tracing::debug!(pid = child.id(), "engine process started");
		let (Some(input), Some(output), Some(errors)) = piped else {
			unreachable!("the three of them are piped");
		};
		let (child, input) = (Arc::new(Mutex::new(child)), Arc::new(Mutex::new(input)));
		let live = Live::new(child.clone(), input.clone());
		registry.live.lock().insert(id, live);
		let log = Arc::new(Mutex::new(VecDeque::new()));
		let kept = log.clone();
		let mut process = Self {
			id,
			registry: registry.clone(),
			child,
			input,
			output: BufReader::new(output),
			log,
			logging: None,
			memory_bytes: pool.memory_bytes,
			patience: pool.patience,
			proofs: 0,
			tried: BTreeSet::new(),
		};
		let logging = thread::Builder::new().name("engine-log".into());
		let logging = logging.spawn(move || pass_on(errors, &kept));
		process.logging = Some(logging.map_err(failed)?);
		// Nobody that stopped all has missed it.
		registry.check_started()?;
		let told = wire::write_frame(&mut *process.input.lock(), &pool.config);
		told.map_err(|error| process.death(&error))?;
		Ok(process)
	}

	/// Has it do `request`, and passes the steps on. Fails if it ends, or says what cannot be understood.
	pub fn ask(&mut self, request: Request, mut step: impl FnMut(String)) -> Result<Report, Death> {
		let answer = || {
			wire::send(&mut *self.input.lock(), &Message::Request(request))?;
			loop {
				match wire::receive(&mut self.output)? {
					Some(Report::Step(announced)) => step(announced),
					Some(report) => return Ok(report),
					None => return Err(io::ErrorKind::UnexpectedEof.into()),
				}
			}
		};
		let answered = answer();
		answered.map_err(|error| self.death(&error))
	}

	/// [`Self::ask`]; it is ended if it announces no step for so long.
	pub fn watched(
		&mut self,
		request: Request,
		patience: Patience,
		mut step: impl FnMut(String),
	) -> Result<Report, Death> {
		let (registry, id) = (self.registry.clone(), self.id);
		let watch = |is_watched: bool| {
			if let Some(live) = registry.live.lock().get_mut(&id) {
				live.watched = is_watched.then(|| Watch {
					step: Instant::now(),
					patience: patience.time,
					reason: patience.reason,
				});
			}
		};
		watch(true);
		let answered = self.ask(request, |announced| {
			watch(true);
			step(announced);
		});
		watch(false);
		answered
	}

	/// Has it read a model, and takes note of what it holds then. An attempt waits for it if it is `is_needed`:
	/// then others make room, and it is not interrupted until [`Registry::release_reading`]. `begun` is called once
	/// it can be interrupted; nothing is read if it says no.
	pub fn load(
		&mut self,
		model: &VkHash,
		place: &Place,
		is_needed: bool,
		begun: impl FnOnce(u64) -> bool,
		step: impl FnMut(String),
	) -> Result<Outcome, Death> {
		let number = self
			.registry
			.begin_reading(self.id, *model, place.bundle, is_needed);
		let request = Request::Load {
			number,
			place: place.clone(),
			evict: is_needed,
		};
		let loaded = if begun(self.id) {
			self.watched(request, self.patience, step)
				.and_then(|report| self.note(report))
		} else {
			Ok(Outcome::Interrupted)
		};
		self.live(|live| live.reading = None);
		loaded
	}

	/// Has it let go of these bundles.
	pub fn unload(&mut self, bundles: Vec<Hash>) -> Result<Outcome, Death> {
		// There may be room now.
		self.tried.clear();
		let report = self.watched(Request::Unload(bundles), self.patience, |_| {})?;
		self.note(report)
	}

	/// Takes note of what it says that it holds.
	fn note(&mut self, report: Report) -> Result<Outcome, Death> {
		let Report::Holds {
			bundles,
			bytes,
			outcome,
		} = report
		else {
			return Err(wire::UNEXPECTED.to_owned().into());
		};
		self.live(|live| {
			live.holds = bundles.into_iter().collect();
			live.bytes = bytes;
		});
		Ok(outcome)
	}

	/// What is known of it, unless it is gone.
	pub fn live<T>(&self, with: impl FnOnce(&mut Live) -> T) -> Option<T> {
		self.registry.live.lock().get_mut(&self.id).map(with)
	}

	/// Whether it holds the bundle.
	pub fn holds(&self, bundle: &Hash) -> bool {
		self.live(|live| live.holds.contains(bundle)) == Some(true)
	}

	/// Whether it has not ended.
	pub fn is_alive(&self) -> bool {
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
		if let Some(reason) = self.live(|live| live.ended_for.clone()).flatten() {
			return reason.into();
		}
		let words = last_words(&self.log.lock());
		let is_for_memory = words
			.as_ref()
			.is_some_and(|words| words.contains("memory allocation"));
		Death {
			is_for_memory: self.memory_bytes > 0
				&& status.signal() == Some(SIGABRT)
				&& is_for_memory,
			has_lived: true,
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
pub struct Spawner(mpsc::Sender<mpsc::Sender<io::Result<Child>>>);

impl Spawner {
	/// Of what `command` says.
	pub fn new(command: fn() -> io::Result<Command>) -> io::Result<Self> {
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

	/// Starts one.
	pub fn spawn(&self) -> io::Result<Child> {
		let (sender, reply) = mpsc::channel();
		let gone = || io::Error::other("the thread that starts processes is gone");
		self.0.send(sender).map_err(|_| gone())?;
		reply.recv().map_err(|_| gone())?
	}
}

/// This very program as an engine process, although its file may have been replaced since.
pub fn command() -> io::Result<Command> {
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
