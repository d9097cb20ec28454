//! Engine processes, as the service holds them: as many as workers, each started when it is needed and kept
//! with the models that it has read.
//!
//! What nobody waits for gives way to what somebody waits for: a read ahead ends, between two of its steps, when an
//! attempt finds no free process, or its own model in the one that reads; and when the model is wanted no more. What
//! the process holds beside it stays.

use super::{
	child::{self, Death, Patience, Process, Spawner, MAX_DYING},
	registry::{kill, reap, Live, Registry},
	wanted::Wanted,
	wire::{self, Outcome, Place, Report, Request},
	EngineConfig, Processes,
};
use crate::engine::Attempt;
use inference_primitives::{Hash, VkHash};
use parking_lot::{Condvar, Mutex};
use std::{
	io,
	process::Command,
	sync::{
		atomic::{AtomicUsize, Ordering},
		mpsc::{self, RecvTimeoutError},
		Arc, Weak,
	},
	thread,
	time::{Duration, Instant},
};

/// Wait for a free process before it is looked whether one is still wanted.
const LEASE_PAUSE: Duration = Duration::from_millis(100);
/// Wait between two looks at processes that may hang, at those that do not end, and at idle ones.
const WATCH_PAUSE: Duration = Duration::from_millis(250);
/// Attempts at comparing a bundle with its keys, of which the first ended by what may pass.
const CHECK_ATTEMPTS: u32 = 2;
/// How long the first process may take to answer.
const FIRST: Patience = Patience {
	time: Duration::from_secs(30),
	reason: "the engine process did not answer within 30 seconds of its start",
};
/// Wait before something is read ahead again after no process could be started, or an idle one died; doubles up to
/// [`MAX_SETBACK`].
const MIN_SETBACK: Duration = Duration::from_secs(1);
/// Longest such wait.
const MAX_SETBACK: Duration = Duration::from_secs(300);

/// See the module.
pub struct Pool {
	/// What each process is told first.
	pub(super) config: Vec<u8>,
	pub(super) memory_bytes: u64,
	pub(super) patience: Patience,
	pub(super) spawner: Spawner,
	/// One for each worker, but for those in use; empty until they are needed.
	free: Mutex<Vec<Option<Process>>>,
	freed: Condvar,
	/// Attempts that wait for one.
	waiting: AtomicUsize,
	wanted: Mutex<Wanted>,
	/// Held by who reads what nobody waits for: one at a time.
	warming: Mutex<()>,
	/// Wakes the thread that does.
	nudges: mpsc::SyncSender<()>,
	setbacks: Mutex<Setbacks>,
	pub(super) registry: Arc<Registry>,
}

/// Why there is no answer.
#[derive(Debug)]
pub enum Failure {
	/// It may pass.
	Passing(String),
	/// It will not.
	Lasting(String),
}

/// How an attempt went in a process that lives.
enum Answer {
	Report(Report),
	/// It did not come to the request.
	Not(String),
}

impl Pool {
	/// No processes, of which at most `workers` will prove at the same time. One that is asked for anything but a
	/// proof is ended when it announces no step for `patience`.
	pub fn new(config: &EngineConfig, workers: usize, patience: Duration) -> io::Result<Arc<Self>> {
		Self::of(child::command, config, workers, patience)
	}

	/// [`Self::new`], of the processes that `command` starts.
	fn of(
		command: fn() -> io::Result<Command>,
		config: &EngineConfig,
		workers: usize,
		patience: Duration,
	) -> io::Result<Arc<Self>> {
		let (nudges, nudged) = mpsc::sync_channel(1);
		let pool = Arc::new(Self {
			config: serde_json::to_vec(config)?,
			memory_bytes: config.memory_bytes,
			patience: Patience {
				time: patience,
				reason:
					"the engine process announced no step for the time-out (--job-timeout-seconds)",
			},
			spawner: Spawner::new(command)?,
			free: Mutex::new((0..workers.max(1)).map(|_| None).collect()),
			freed: Condvar::new(),
			waiting: AtomicUsize::new(0),
			wanted: Mutex::default(),
			warming: Mutex::default(),
			nudges,
			setbacks: Mutex::default(),
			registry: Arc::default(),
		});
		let this = Arc::downgrade(&pool);
		let watching = thread::Builder::new().name("engine-watch".into());
		watching.spawn(move || watch(&this))?;
		let this = Arc::downgrade(&pool);
		let warming = thread::Builder::new().name("engine-warmer".into());
		warming.spawn(move || keep_warm(&this, &nudged))?;
		Ok(pool)
	}

	/// Starts the first process, and fails if it does not answer.
	pub fn start_first(&self) -> Result<(), Death> {
		let mut process = Process::start(self)?;
		let report = process.watched(Request::Hello, FIRST, |_| {})?;
		if !matches!(report, Report::Ready) {
			return Err(wire::UNEXPECTED.to_owned().into());
		}
		if let Some(place) = self.free.lock().first_mut() {
			*place = Some(process);
		}
		Ok(())
	}

	/// Has a process prove: `request`, which is about `model`. It is killed when `attempt` is stopped, but not
	/// while it reads the model: that goes on, until somebody else needs the process.
	pub fn prove(
		&self,
		model: &VkHash,
		place: &Place,
		request: Request,
		attempt: &Attempt,
	) -> Result<Report, Failure> {
		// Until its model is there.
		attempt.wait();
		let is_suspect = {
			let mut wanted = self.wanted.lock();
			wanted.touch(model);
			wanted.is_suspect(model)
		};
		let lease = self.lease(model, &place.bundle, is_suspect, attempt);
		let mut lease = lease.map_err(|reason| {
			self.settle(model, attempt);
			Failure::Passing(reason)
		})?;
		let mut process = match lease.process.take() {
			Some(process) => process,
			None => Process::start(self).map_err(|death| {
				self.mourn(&death, "it was to prove");
				Failure::Passing(death.reason)
			})?,
		};
		let is_alone = process.proofs == 0
			&& process.live(|live| live.holds.iter().all(|held| *held == place.bundle))
				!= Some(false);
		let answered = self.prove_in(&mut process, model, place, request, attempt);
		let is_stopped = self.settle(model, attempt);
		process.proofs = process.proofs.saturating_add(1);
		let result = match answered {
			Ok(Answer::Not(reason)) => {
				lease.process = Some(process);
				Err(Failure::Passing(reason))
			},
			Ok(Answer::Report(report)) => {
				self.wanted.lock().clear(model);
				*self.setbacks.lock() = Setbacks::default();
				// One that was stopped was killed, or is about to be.
				if !is_stopped {
					lease.process = Some(process);
				}
				Ok(report)
			},
			Err(death) if is_stopped => Err(Failure::Passing(death.reason)),
			Err(death) => {
				drop(process);
				// What the allocator says may be for want of another's memory, once.
				let is_again = self.wanted.lock().suspect(model, death.is_for_memory);
				self.mourn(
					&death,
					"its job is tried again in another, if that may help",
				);
				if is_alone && is_again {
					self.wanted.lock().clear(model);
					Err(Failure::Lasting(death.reason))
				} else {
					Err(Failure::Passing(death.reason))
				}
			},
		};
		lease.tidy();
		drop(lease);
		self.nudge();
		result
	}

	/// Has `process` read the model, and prove.
	fn prove_in(
		&self,
		process: &mut Process,
		model: &VkHash,
		place: &Place,
		request: Request,
		attempt: &Attempt,
	) -> Result<Answer, Death> {
		if !process.holds(&place.bundle) {
			let begun = |id| {
				let registry = self.registry.clone();
				attempt.on_stop(Box::new(move || registry.release_reading(id)));
				true
			};
			let step = |step| attempt.report(step);
			let loaded = process.load(model, place, true, begun, step);
			attempt.settle();
			match loaded? {
				Outcome::Done => self.wanted.lock().set_readable(&place.bundle, true),
				Outcome::Failed(failure) => return Ok(Answer::Report(Report::Failed(failure))),
				Outcome::NoRoom => return Ok(Answer::Not("there is no room for its model".into())),
				Outcome::Interrupted => {
					return Ok(Answer::Not(
						"the reading of its model was interrupted".into(),
					));
				},
			}
		}
		if let Some(reason) = attempt.stopped() {
			return Ok(Answer::Not(reason));
		}
		attempt.begin();
		let child = process.child.clone();
		attempt.on_stop(Box::new(move || kill(&child)));
		let answered = process.ask(request, |step| attempt.report(step));
		attempt.settle();
		answered.map(Answer::Report)
	}

	/// Whether the attempt was stopped: then its job may not come back.
	fn settle(&self, model: &VkHash, attempt: &Attempt) -> bool {
		let is_stopped = attempt.stopped().is_some();
		if is_stopped {
			self.wanted.lock().clear(model);
		}
		is_stopped
	}

	/// Has a process of its own compare the keys of a bundle with its model, and once more if the first died.
	pub fn check(&self, model: &VkHash, place: &Place) -> Result<Report, Death> {
		let mut attempt = 1;
		loop {
			let request = Request::Check(place.clone());
			let step = |step| tracing::debug!(%model, step);
			let checked = Process::start(self)
				.and_then(|mut process| process.watched(request, self.patience, step));
			match checked {
				Ok(report) => return Ok(report),
				Err(death) => {
					self.registry.check_started()?;
					self.mourn(&death, "it compared a bundle with its keys");
					if attempt >= CHECK_ATTEMPTS {
						return Err(death);
					}
				},
			}
			attempt += 1;
		}
	}

	fn mourn(&self, death: &Death, consequence: &str) {
		if self.registry.check_started().is_err() {
			return;
		}
		if death.has_lived {
			self.registry.deaths.fetch_add(1, Ordering::Relaxed);
			tracing::warn!(death = death.reason, "ENGINE PROCESS DIED: {consequence}");
		} else {
			tracing::warn!(reason = death.reason, "no engine process: {consequence}");
		}
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
		const BEST: u8 = 2;
		let _waits = Waits::new(&self.waiting);
		let mut free = self.free.lock();
		loop {
			self.registry.check_started()?;
			if let Some(reason) = attempt.stopped() {
				return Err(reason);
			}
			let preference = |(index, slot): (usize, &Option<Process>)| match slot {
				None if is_suspect => (BEST + 1, index),
				Some(process) if process.holds(bundle) => (BEST, index),
				Some(_) => (1, index),
				None => (0, index),
			};
			let best = free.iter().enumerate().map(preference).max();
			// One that holds the bundle and reads another is waited for, too: it is there in a moment.
			let is_better = |live: &Live| !is_suspect && live.holds.contains(bundle);
			let gives_way = best.is_none_or(|(preference, _)| preference < BEST)
				&& self.registry.interrupt(|live, reading| {
					(is_suspect || reading.bundle != *bundle) && (best.is_none() || is_better(live))
				});
			if let Some((_, index)) = best.filter(|_| !gives_way) {
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

	/// Has processes hold this model from now on, as far as there is room. Does not block.
	pub fn want(&self, model: &VkHash, place: &Place) {
		self.wanted.lock().want(model, place);
		*self.setbacks.lock() = Setbacks::default();
		self.end_unwanted();
	}

	/// Has processes let go of `model`: at once, or when they are free. Does not block.
	pub fn forget(&self, model: &VkHash) {
		self.wanted.lock().forget(model);
		self.end_unwanted();
	}

	/// No further attempt is made at a job of `model`: whatever a process died of does not keep the model out any
	/// more. Does not block.
	pub fn settled(&self, model: &VkHash) {
		if self.wanted.lock().clear(model) {
			self.nudge();
		}
	}

	/// Ends the reads of what is not wanted any more, and has processes let go of it.
	fn end_unwanted(&self) {
		let wanted = self.wanted.lock();
		self.registry
			.interrupt(|_, reading| !wanted.wants(&reading.bundle));
		drop(wanted);
		self.nudge();
	}

	fn nudge(&self) {
		// An error: it is awake already, or ended.
		let _ = self.nudges.try_send(());
	}

	/// Has free processes let go of what is not wanted, and read what is, until all is done, an attempt waits for a
	/// process, or none can be started.
	pub fn warm(&self) {
		loop {
			let _alone = self.warming.lock();
			if let Some(mut lease) =
				self.free_where(|process| !self.unwanted_in(process).is_empty())
			{
				lease.leave_dead();
				lease.tidy();
				continue;
			}
			if self.setbacks.lock().left().is_some() {
				return;
			}
			let Some((lease, model, place)) = self.cold() else {
				return;
			};
			if !self.read_ahead(lease, &model, &place) {
				return;
			}
		}
	}

	/// Has the process in this place, which may have to be started, read a model. Whether there is one.
	fn read_ahead(&self, mut lease: Lease<'_>, model: &VkHash, place: &Place) -> bool {
		lease.leave_dead();
		let mut process = match lease
			.process
			.take()
			.map_or_else(|| Process::start(self), Ok)
		{
			Ok(process) => process,
			Err(death) => {
				self.setbacks.lock().add();
				self.mourn(&death, "no key is read ahead for a while");
				return false;
			},
		};
		// Looked at when it can be interrupted: whoever forgets it now does so.
		let is_wanted = |_| self.wanted.lock().wants(&place.bundle);
		let step = |step| tracing::debug!(%model, step);
		let reason = match process.load(model, place, false, is_wanted, step) {
			Ok(outcome) => {
				let is_settled = !matches!(outcome, Outcome::Interrupted);
				if is_settled {
					process.tried.insert(place.bundle);
				}
				lease.process = Some(process);
				match outcome {
					Outcome::Failed(failure) => failure.into_error(*model).to_string(),
					_ => return true,
				}
			},
			Err(death) => {
				drop(process);
				self.mourn(&death, "it read a proving key");
				death.reason
			},
		};
		if self.registry.check_started().is_ok() {
			tracing::warn!(%model, reason, "the proving key cannot be read; a job will try again");
		}
		self.wanted.lock().set_readable(&place.bundle, false);
		true
	}

	/// A free place that was not tried with a model that is wanted, and that model.
	fn cold(&self) -> Option<(Lease<'_>, VkHash, Place)> {
		let wanted = self.wanted.lock().ahead();
		wanted.into_iter().find_map(|(model, place)| {
			let bundle = &place.bundle;
			let lease = self.free_place(|slot| {
				slot.as_ref()
					.is_none_or(|process| !process.tried.contains(bundle) && !process.holds(bundle))
			})?;
			Some((lease, model, place))
		})
	}

	/// A free process of this kind.
	fn free_where(&self, is_meant: impl Fn(&Process) -> bool) -> Option<Lease<'_>> {
		self.free_place(|slot| slot.as_ref().is_some_and(&is_meant))
	}

	/// A free place of this kind; none if an attempt waits for one.
	fn free_place(&self, is_meant: impl Fn(&Option<Process>) -> bool) -> Option<Lease<'_>> {
		let mut free = self.free.lock();
		if self.waiting.load(Ordering::SeqCst) > 0 || self.registry.check_started().is_err() {
			return None;
		}
		let index = free.iter().position(is_meant)?;
		let process = free.swap_remove(index);
		Some(Lease {
			pool: self,
			process,
		})
	}

	/// What a process holds although it is not wanted.
	fn unwanted_in(&self, process: &Process) -> Vec<Hash> {
		let held = process.live(|live| live.holds.iter().copied().collect());
		let mut held: Vec<Hash> = held.unwrap_or_default();
		let wanted = self.wanted.lock();
		held.retain(|bundle| !wanted.wants(bundle));
		held
	}

	/// Ends what takes too long, and empties the places of those that ended while nobody used them.
	fn look(&self) {
		self.registry.look();
		let dead: Vec<Process> = {
			let mut free = self.free.lock();
			let is_dead = |process: &mut Process| !process.is_alive();
			free.iter_mut()
				.filter_map(|slot| slot.take_if(is_dead))
				.collect()
		};
		if !dead.is_empty() {
			self.mourn_idle(dead.len());
			// One that the system took for its memory is not filled again at once.
			self.setbacks.lock().add();
			self.nudge();
		}
	}

	fn mourn_idle(&self, dead: usize) {
		if self.registry.check_started().is_ok() {
			let dead = u64::try_from(dead).unwrap_or(u64::MAX);
			self.registry.deaths.fetch_add(dead, Ordering::Relaxed);
			tracing::warn!(dead, "an idle engine process is gone; another is started");
		}
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

fn watch(pool: &Weak<Pool>) {
	while let Some(pool) = pool.upgrade() {
		pool.look();
		drop(pool);
		thread::sleep(WATCH_PAUSE);
	}
}

/// Ends with the pool, which has the sender.
fn keep_warm(pool: &Weak<Pool>, nudged: &mpsc::Receiver<()>) {
	let mut left = None;
	loop {
		match nudged.recv_timeout(left.unwrap_or(MAX_SETBACK)) {
			Ok(()) | Err(RecvTimeoutError::Timeout) => {},
			Err(RecvTimeoutError::Disconnected) => return,
		}
		let Some(pool) = pool.upgrade() else {
			return;
		};
		pool.warm();
		left = pool.setbacks.lock().left();
	}
}

/// What went wrong where nobody waits, and when it is tried again.
#[derive(Default)]
struct Setbacks {
	number: u32,
	until: Option<Instant>,
}

impl Setbacks {
	fn add(&mut self) {
		let factor = 1u32.checked_shl(self.number).unwrap_or(u32::MAX);
		self.number = self.number.saturating_add(1);
		let pause = MIN_SETBACK.saturating_mul(factor).min(MAX_SETBACK);
		self.until = Instant::now().checked_add(pause);
	}

	/// How long it is until then.
	fn left(&self) -> Option<Duration> {
		let left = self.until?.saturating_duration_since(Instant::now());
		(!left.is_zero()).then_some(left)
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
		let dead = self.process.take_if(|process| !process.is_alive());
		if dead.is_some() {
			self.pool.mourn_idle(1);
		}
	}

	/// Has the process let go of what is not wanted.
	fn tidy(&mut self) {
		let Some(process) = &mut self.process else {
			return;
		};
		let unwanted = self.pool.unwanted_in(process);
		if unwanted.is_empty() {
			return;
		}
		if let Err(death) = process.unload(unwanted) {
			self.process = None;
			self.pool.mourn(&death, "it was to let go of a model");
		}
	}
}

impl Drop for Lease<'_> {
	fn drop(&mut self) {
		self.pool.free.lock().push(self.process.take());
		self.pool.freed.notify_all();
	}
}

#[cfg(test)]
mod tests {
	use super::{
		super::registry::tests::{echo, end, is_interrupted},
		*,
	};
	use std::process::Stdio;

	const LONG: Duration = Duration::from_secs(60);

	fn pool(command: fn() -> io::Result<Command>) -> Arc<Pool> {
		Pool::of(command, &EngineConfig::default(), 1, LONG).unwrap()
	}

	#[test]
	fn a_program_that_does_not_speak_as_an_engine_should_fail_by_name_at_the_start() {
		// The program of the tests: told the argument, it says how many tests it ran.
		let pool = pool(child::command);
		let death = pool.start_first().unwrap_err();
		assert!(!death.reason.is_empty() && !death.is_for_memory);
		let start = super::super::StartError::Process(death.reason).to_string();
		assert!(
			start.contains("/proc") && start.contains("--engine-memory-mib"),
			"{start}"
		);
		assert_eq!(pool.processes().running, 0);
	}

	#[test]
	fn a_first_process_that_does_not_answer_should_be_waited_for_for_half_a_minute() {
		let pool = pool(|| {
			let mut command = Command::new("sleep");
			command.arg("600");
			command.stdin(Stdio::piped()).stdout(Stdio::piped());
			command.stderr(Stdio::piped());
			Ok(command)
		});
		let starting = pool.clone();
		let starting = thread::spawn(move || starting.start_first().unwrap_err().reason);
		let half_a_minute_ago = Instant::now().checked_sub(Duration::from_secs(30)).unwrap();
		while !starting.is_finished() {
			for live in pool.registry.live.lock().values_mut() {
				if let Some(watch) = &mut live.watched {
					assert_eq!(watch.patience, Duration::from_secs(30));
					watch.step = half_a_minute_ago;
				}
			}
			thread::sleep(Duration::from_millis(10));
		}
		let reason = starting.join().unwrap();
		assert!(reason.contains("within 30 seconds"), "{reason}");
		assert_eq!(pool.processes().running, 0);
	}

	#[test]
	fn what_keeps_processes_from_starting_should_put_no_model_out_and_count_no_death() {
		let pool = pool(|| Err(io::ErrorKind::WouldBlock.into()));
		let model = VkHash([1; 32]);
		let place = Place {
			dir: "/b".into(),
			bundle: [1; 32],
		};
		pool.want(&model, &place);
		pool.warm();
		assert!(pool.setbacks.lock().left().is_some());
		assert_eq!(pool.wanted.lock().ahead(), [(model, place)]);
		assert_eq!(pool.processes(), Processes::default());
	}

	#[test]
	fn a_model_that_is_unloaded_or_built_anew_should_be_read_no_further() {
		let place = |bundle| Place {
			dir: "/b".into(),
			bundle: [bundle; 32],
		};
		let (model, other) = (VkHash([1; 32]), VkHash([2; 32]));
		for (is_rebuilt, of) in [(false, &model), (true, &model), (false, &other)] {
			// Nothing else reads.
			let pool = pool(|| Err(io::ErrorKind::WouldBlock.into()));
			let (child, _output) = echo(&pool.registry);
			for wanted in [&model, &other] {
				pool.want(wanted, &place(wanted.0[0]));
			}
			pool.registry
				.begin_reading(7, model, place(1).bundle, false);
			assert!(!is_interrupted(&pool.registry));
			if is_rebuilt {
				pool.want(of, &place(3));
			} else {
				pool.forget(of);
			}
			assert_eq!(is_interrupted(&pool.registry), *of == model);
			end(&child);
		}
	}

	#[test]
	fn setbacks_should_be_waited_for_longer_each_time() {
		let mut setbacks = Setbacks::default();
		assert!(setbacks.left().is_none());
		for seconds in [1, 2, 4, 8, 16, 32, 64, 128, 256, 300, 300] {
			setbacks.add();
			let (left, longest) = (setbacks.left().unwrap(), Duration::from_secs(seconds));
			assert!(longest / 2 < left && left <= longest, "{left:?}");
		}
		for _ in 0..100 {
			setbacks.add();
		}
		assert!(setbacks.left().unwrap() <= MAX_SETBACK);
	}
}
