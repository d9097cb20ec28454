//! The engine processes that run, wherever they are in use, and what is known of them.

use super::wire::{self, Message};
use inference_primitives::{Hash, VkHash};
use parking_lot::Mutex;
use std::{
	collections::{BTreeMap, BTreeSet},
	process::{Child, ChildStdin, ExitStatus},
	sync::{
		atomic::{AtomicBool, AtomicU64, Ordering},
		Arc,
	},
	thread,
	time::{Duration, Instant},
};

/// How long a read that was interrupted may go on: it ends between two steps, which take seconds. Then its process
/// is ended.
const INTERRUPT_PATIENCE: Duration = Duration::from_secs(60);
/// Wait before a process that was killed is looked at again.
const DYING_PAUSE: Duration = Duration::from_millis(2);

/// See the module.
#[derive(Default)]
pub struct Registry {
	pub(super) live: Mutex<BTreeMap<u64, Live>>,
	next: AtomicU64,
	/// Processes that ended although nobody asked them to.
	pub(super) deaths: AtomicU64,
	/// Nothing is started any more.
	pub(super) is_stopped: AtomicBool,
}

/// What is known of a process.
pub struct Live {
	/// It itself.
	pub child: Arc<Mutex<Child>>,
	/// Where it is told things.
	pub input: Arc<Mutex<ChildStdin>>,
	/// Models that it holds, by content hash of the bundle.
	pub holds: BTreeSet<Hash>,
	/// Memory of these, bytes, about.
	pub bytes: u64,
	/// What it reads.
	pub reading: Option<Reading>,
	/// While nobody else sees to it that it goes on.
	pub watched: Option<Watch>,
	/// Why it was ended, if it was for taking too long.
	pub ended_for: Option<String>,
	/// It was killed, and nobody waits any more until it is gone.
	pub is_dying: bool,
}

/// A model that a process reads.
pub struct Reading {
	/// Whose.
	pub model: VkHash,
	/// Which bundle.
	pub bundle: Hash,
	/// Number of the request.
	number: u64,
	/// An attempt waits for it; otherwise it gives way.
	is_needed: bool,
	/// When it was interrupted.
	interrupted: Option<Instant>,
}

/// How long a process may take to announce something.
pub struct Watch {
	/// When it did so last.
	pub step: Instant,
	/// So long.
	pub patience: Duration,
	/// What is said of it otherwise.
	pub reason: &'static str,
}

impl Live {
	/// A process that was started.
	pub fn new(child: Arc<Mutex<Child>>, input: Arc<Mutex<ChildStdin>>) -> Self {
		Self {
			child,
			input,
			holds: BTreeSet::new(),
			bytes: 0,
			reading: None,
			watched: None,
			ended_for: None,
			is_dying: false,
		}
	}
}

impl Registry {
	/// A number that was not given out before, above zero.
	pub fn number(&self) -> u64 {
		self.next.fetch_add(1, Ordering::Relaxed).saturating_add(1)
	}

	/// Fails if nothing is to be started any more.
	pub fn check_started(&self) -> Result<(), String> {
		if self.is_stopped.load(Ordering::SeqCst) {
			return Err("the service stops".into());
		}
		Ok(())
	}

	/// Process `id` begins to read; returns the number that the request is to have. Whether an attempt waits for it
	/// is `is_needed`.
	pub fn begin_reading(&self, id: u64, model: VkHash, bundle: Hash, is_needed: bool) -> u64 {
		let number = self.number();
		if let Some(live) = self.live.lock().get_mut(&id) {
			live.reading = Some(Reading {
				model,
				bundle,
				number,
				is_needed,
				interrupted: None,
			});
		}
		number
	}

	/// Nobody waits any more for what process `id` reads.
	pub fn release_reading(&self, id: u64) {
		let mut live = self.live.lock();
		if let Some(reading) = live.get_mut(&id).and_then(|live| live.reading.as_mut()) {
			reading.is_needed = false;
		}
	}

	/// Ends the reads that nobody waits for and that are meant, soon; whether there are any.
	pub fn interrupt(&self, is_meant: impl Fn(&Live, &Reading) -> bool) -> bool {
		let mut found = false;
		for live in self.live.lock().values_mut() {
			let meant = |reading: &Reading| !reading.is_needed && is_meant(live, reading);
			if !live.reading.as_ref().is_some_and(meant) {
				continue;
			}
			found = true;
			let Some(reading) = live.reading.as_mut() else {
				continue;
			};
			if reading.interrupted.is_none() {
				reading.interrupted = Some(Instant::now());
				tracing::debug!(model = %reading.model, "reading is interrupted");
				// The pipe has room: it holds the request to read at most. An error: the process is gone, as its
				// user sees.
				let message = Message::Interrupt(reading.number);
				let _ = wire::send(&mut *live.input.lock(), &message);
			}
		}
		found
	}

	/// Forgets a process that was killed, once it is gone: at once, or when it is looked at again.
	pub fn bury(&self, id: u64, child: &Arc<Mutex<Child>>, patience: Duration) {
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

	/// Ends what takes too long, and forgets what is gone at last.
	pub fn look(&self) {
		let mut live = self.live.lock();
		live.retain(|_, live| !(live.is_dying && is_gone(&live.child)));
		for live in live.values_mut() {
			let overdue = live.watched.as_ref().and_then(|watch| {
				let is_overdue = watch.step.elapsed() >= watch.patience;
				is_overdue.then(|| watch.reason.to_owned())
			});
			let unheard = live.reading.as_ref().and_then(|reading| {
				let since = reading.interrupted?;
				(since.elapsed() >= INTERRUPT_PATIENCE).then(|| {
					format!(
						"the engine process read another model that nobody waited for, and did not stop for {} \
						 seconds",
						INTERRUPT_PATIENCE.as_secs()
					)
				})
			});
			if let Some(reason) = overdue.or(unheard) {
				live.watched = None;
				live.reading = None;
				live.ended_for = Some(reason);
				kill(&live.child);
			}
		}
	}
}

/// Ends a process.
pub fn kill(child: &Arc<Mutex<Child>>) {
	// An error: it is gone.
	let _ = child.lock().kill();
}

/// Whether a process has ended, or is not this one's any more.
pub fn is_gone(child: &Arc<Mutex<Child>>) -> bool {
	!matches!(child.lock().try_wait(), Ok(None))
}

/// Waits for the end of a process that was killed or closed its pipes.
pub fn reap(child: &Arc<Mutex<Child>>, longest: Duration) -> Option<ExitStatus> {
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

#[cfg(test)]
pub(super) mod tests {
	use super::*;
	use std::{
		io::Read,
		os::unix::process::ExitStatusExt,
		process::{ChildStdout, Command, Stdio},
	};

	const LONG: Duration = Duration::from_secs(600);

	/// A process that only says what it is told, in a registry.
	pub fn echo(registry: &Registry) -> (Arc<Mutex<Child>>, ChildStdout) {
		let mut command = Command::new("cat");
		command.stdin(Stdio::piped()).stdout(Stdio::piped());
		let mut child = command.spawn().unwrap();
		let (input, output) = (child.stdin.take().unwrap(), child.stdout.take().unwrap());
		let child = Arc::new(Mutex::new(child));
		let live = Live::new(child.clone(), Arc::new(Mutex::new(input)));
		registry.live.lock().insert(7, live);
		(child, output)
	}

	pub fn end(child: &Arc<Mutex<Child>>) {
		kill(child);
		assert!(reap(child, LONG).is_some());
	}

	/// Whether what process 7 reads is interrupted.
	pub fn is_interrupted(registry: &Registry) -> bool {
		let live = registry.live.lock();
		let reading = live[&7].reading.as_ref().unwrap();
		reading.interrupted.is_some()
	}

	#[test]
	fn a_process_that_does_not_end_should_be_counted_until_it_does() {
		let registry = Registry::default();
		// Not killed: so it does not end, as one would that the system cannot stop.
		let (child, _output) = echo(&registry);
		registry.bury(7, &child, Duration::from_millis(20));
		registry.look();
		assert!(registry.live.lock().get(&7).unwrap().is_dying);
		end(&child);
		registry.look();
		assert!(registry.live.lock().is_empty());
	}

	#[test]
	fn what_announces_no_step_should_be_ended_but_only_while_it_is_watched() {
		let registry = Registry::default();
		let (child, _output) = echo(&registry);
		let watch = |patience| {
			registry.live.lock().get_mut(&7).unwrap().watched = Some(Watch {
				step: Instant::now(),
				patience,
				reason: "no step",
			});
		};
		registry.look();
		watch(LONG);
		registry.look();
		assert!(!is_gone(&child));
		watch(Duration::ZERO);
		registry.look();
		let reason = registry.live.lock().get(&7).unwrap().ended_for.clone();
		assert_eq!(reason.as_deref(), Some("no step"));
		assert_eq!(reap(&child, LONG).unwrap().signal(), Some(9));
	}

	#[test]
	fn a_read_should_be_interrupted_once_if_nobody_waits_for_it_and_ended_if_it_goes_on() {
		let registry = Registry::default();
		let (child, mut output) = echo(&registry);
		let bundle = [1; 32];
		let number = registry.begin_reading(7, VkHash([2; 32]), bundle, true);
		assert!(!registry.interrupt(|_, _| true), "an attempt waits for it");
		registry.release_reading(7);
		assert!(!registry.interrupt(|_, reading| reading.bundle != bundle));
		for _ in 0..2 {
			assert!(registry.interrupt(|_, reading| reading.bundle == bundle));
		}
		registry.look();
		assert!(!is_gone(&child));
		let long_ago = Instant::now().checked_sub(INTERRUPT_PATIENCE);
		if let Some(live) = registry.live.lock().get_mut(&7) {
			live.reading.as_mut().unwrap().interrupted = long_ago;
		}
		// What it was told is with it before it ends.
		let mut told = [0; 13];
		output.read_exact(&mut told).unwrap();
		registry.look();
		assert!(reap(&child, LONG).is_some());
		let mut rest = Vec::new();
		output.read_to_end(&mut rest).unwrap();
		assert!(rest.is_empty());
		let told = wire::receive::<Message>(&mut told.as_slice()).unwrap();
		assert!(matches!(told, Some(Message::Interrupt(of)) if of == number));
	}
}
