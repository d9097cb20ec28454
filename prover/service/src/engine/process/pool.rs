//! Engine processes, as the service holds them: as many as workers, each started when it is needed and kept
//! with the models that it has read.

use super::{
	serve::{self, ARGUMENT},
	wire::{self, Report, Request},
	EngineConfig, Processes,
};
use crate::engine::Attempt;
use inference_primitives::VkHash;
use parking_lot::{Condvar, Mutex};
use std::{
	collections::{BTreeMap, BTreeSet, VecDeque},
	io::{self, BufRead, BufReader, Read, Write},
	os::unix::process::{CommandExt, ExitStatusExt},
	process::{Child, ChildStderr, ChildStdin, ChildStdout, Command, ExitStatus, Stdio},
	sync::{
		atomic::{AtomicBool, AtomicU64, Ordering},
		mpsc, Arc,
	},
	thread::{self, JoinHandle},
	time::{Duration, Instant},
};

/// How long a process that was killed may take to be gone: it may hold much memory.
const MAX_DYING: Duration = Duration::from_secs(10);
/// Wait before a process that was killed is looked at again.
const DYING_PAUSE: Duration = Duration::from_millis(2);
/// Wait for a free process before it is looked whether one is still wanted.
const LEASE_PAUSE: Duration = Duration::from_millis(100);
/// Last lines of a process's log that are kept, to say why it died.
const KEPT_LINES: usize = 8;
/// Most bytes of a line of a process's log; what is longer counts as several.
const MAX_LINE: u64 = 1024;
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
	/// Models that it may hold.
	holds: BTreeSet<VkHash>,
	/// Memory of these, bytes, about.
	bytes: u64,
	/// It holds something that is not wanted any more: it is ended when nobody uses it.
	is_retired: bool,
}

impl Pool {
	/// No processes, of which at most `workers` will prove at the same time.
	pub fn new(config: &EngineConfig, workers: usize) -> io::Result<Self> {
		Ok(Self {
			config: serde_json::to_vec(config)?,
			memory_bytes: config.memory_bytes,
			spawner: Spawner::new()?,
			free: Mutex::new((0..workers.max(1)).map(|_| None).collect()),
			freed: Condvar::new(),
			registry: Arc::default(),
		})
	}

	/// Has a process do `request`, which is about `model`; it is killed when `attempt` is stopped. Fails
	/// if it ends without an answer.
	pub fn ask(
		&self,
		model: &VkHash,
		request: &Request,
		attempt: &Attempt,
	) -> Result<Report, String> {
		let mut lease = self.lease(model, attempt)?;
		let mut process = match lease.process.take() {
			Some(process) => process,
			None => Process::start(self)?,
		};
		process.live(|live| live.holds.insert(*model));
		let child = process.child.clone();
		attempt.on_stop(Box::new(move || kill(&child)));
		let answered = process.ask(request, |step| attempt.report(step));
		attempt.settle();
		let is_stopped = attempt.stopped().is_some();
		match &answered {
			Ok(report) => {
				if let Report::Proven { held_bytes, .. } = report {
					process.live(|live| live.bytes = *held_bytes);
				}
				// Otherwise it was killed, or is about to be.
				if !is_stopped {
					lease.process = Some(process);
				}
			},
			Err(death) if !is_stopped => {
				self.registry.deaths.fetch_add(1, Ordering::Relaxed);
				tracing::warn!(
					death,
					"ENGINE PROCESS DIED: its job is tried again in another"
				);
			},
			Err(_) => {},
		}
		answered
	}

	/// Waits for a place. Prefers a process that holds `model`, then one that runs.
	fn lease(&self, model: &VkHash, attempt: &Attempt) -> Result<Lease<'_>, String> {
		let mut free = self.free.lock();
		loop {
			self.registry.check_started()?;
			if let Some(reason) = attempt.stopped() {
				return Err(reason);
			}
			let preference = |slot: &Option<Process>| match slot {
				Some(process) if process.live(|live| live.holds.contains(model)) == Some(true) => 2,
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
				if let Some(dead) = lease.process.take_if(|process| !process.is_alive()) {
					self.registry.deaths.fetch_add(1, Ordering::Relaxed);
					tracing::warn!("an idle engine process is gone; another is started");
					drop(dead);
				}
				return Ok(lease);
			}
			self.freed.wait_for(&mut free, LEASE_PAUSE);
		}
	}

	/// Ends the processes that may hold `model`: at once, or when they are free.
	pub fn forget(&self, model: &VkHash) {
		for live in self.registry.live.lock().values_mut() {
			live.is_retired |= live.holds.contains(model);
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
			reap(child);
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
}

/// A worker's place in the pool, given back when it is dropped.
struct Lease<'a> {
	pool: &'a Pool,
	process: Option<Process>,
}

impl Drop for Lease<'_> {
	fn drop(&mut self) {
		drop(self.process.take_if(|process| process.is_retired()));
		self.pool.free.lock().push(self.process.take());
		self.pool.freed.notify_one();
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
}

impl Process {
	/// Starts one.
	pub fn start(pool: &Pool) -> Result<Self, String> {
		pool.registry.check_started()?;
		let failed = |error: io::Error| format!("the engine process cannot be started: {error}");
		let mut child = pool.spawner.spawn().map_err(failed)?;
		let piped = (child.stdin.take(), child.stdout.take(), child.stderr.take());
		let id = pool.registry.next.fetch_add(1, Ordering::Relaxed);
		tracing::debug!(pid = child.id(), "engine process started");
		let child = Arc::new(Mutex::new(child));
		let live = Live {
			child: child.clone(),
			holds: BTreeSet::new(),
			bytes: 0,
			is_retired: false,
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
	pub fn ask(
		&mut self,
		request: &Request,
		mut step: impl FnMut(String),
	) -> Result<Report, String> {
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
		let answered = answer();
		answered.map_err(|error| self.death(&error))
	}

	fn live<T>(&self, with: impl FnOnce(&mut Live) -> T) -> Option<T> {
		self.registry.live.lock().get_mut(&self.id).map(with)
	}

	fn is_retired(&self) -> bool {
		self.live(|live| live.is_retired) != Some(false)
	}

	fn is_alive(&self) -> bool {
		matches!(self.child.lock().try_wait(), Ok(None))
	}

	/// Why it died; kills it if it did not.
	fn death(&mut self, error: &io::Error) -> String {
		// What closed its end is about to be gone by itself, with the status that tells why.
		let is_closed = matches!(
			error.kind(),
			io::ErrorKind::UnexpectedEof | io::ErrorKind::BrokenPipe
		);
		let mut status = is_closed.then(|| reap(&self.child)).flatten();
		if status.is_none() {
			kill(&self.child);
			status = reap(&self.child);
		}
		let Some(status) = status else {
			return format!("the engine process failed ({error}), and does not end");
		};
		if let Some(logging) = self.logging.take() {
			// It does not panic; if it did, there would be less to tell.
			let _ = logging.join();
		}
		describe(status, last_words(&self.log.lock()), self.memory_bytes)
	}
}

impl Drop for Process {
	fn drop(&mut self) {
		kill(&self.child);
		reap(&self.child);
		self.registry.live.lock().remove(&self.id);
	}
}

fn kill(child: &Arc<Mutex<Child>>) {
	// An error: it is gone.
	let _ = child.lock().kill();
}

/// Waits for the end of a process that was killed or closed its pipes.
fn reap(child: &Arc<Mutex<Child>>) -> Option<ExitStatus> {
	let since = Instant::now();
	loop {
		match child.lock().try_wait() {
			Ok(Some(status)) => return Some(status),
			Ok(None) if since.elapsed() < MAX_DYING => {},
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
				let _ = reply.send(command().and_then(|mut command| command.spawn()));
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
		let mut command = Command::new("/proc/self/exe");
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
