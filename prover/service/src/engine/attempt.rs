//! One attempt at a proof, as worker and engine share it: how far it is, and that it is to stop.

use parking_lot::Mutex;
use std::{
	fmt,
	time::{Duration, Instant},
};

/// Ends the computation of an attempt. Called at most once, and never after [`Attempt::settle`].
pub type Stopper = Box<dyn FnOnce() + Send>;

/// Told when the proof itself begins. Called at most once; dropped if the attempt is stopped before.
pub type Beginning = Box<dyn FnOnce() + Send>;

/// See the module.
pub struct Attempt(Mutex<State>);

struct State {
	step: Option<String>,
	/// When it was begun, the last step was announced, or it last waited.
	moved: Instant,
	/// When the proof itself was begun, but not while it waits for what it needs.
	begun: Option<Instant>,
	beginning: Option<Beginning>,
	stopped: Option<String>,
	stopper: Option<Stopper>,
}

impl Default for Attempt {
	fn default() -> Self {
		Self(Mutex::new(State {
			step: None,
			moved: Instant::now(),
			begun: None,
			beginning: None,
			stopped: None,
			stopper: None,
		}))
	}
}

impl fmt::Debug for Attempt {
	fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
		let state = self.0.lock();
		f.debug_struct("Attempt")
			.field("step", &state.step)
			.field("stopped", &state.stopped)
			.finish_non_exhaustive()
	}
}

impl Attempt {
	/// The clocks of [`Self::idle`] and [`Self::at_work`] begin anew: what comes now is the proof's own.
	pub fn begin(&self) {
		let beginning = {
			let mut state = self.0.lock();
			state.moved = Instant::now();
			state.begun = Some(state.moved);
			state.beginning.take()
		};
		if let Some(beginning) = beginning {
			beginning();
		}
	}

	/// Has `beginning` called when the proof begins.
	pub fn on_begin(&self, beginning: Beginning) {
		self.0.lock().beginning = Some(beginning);
	}

	/// It waits, for its turn or for its model to be read: that is not its own time. Whoever does these things
	/// sees to it that they end.
	pub fn wait(&self) {
		let mut state = self.0.lock();
		state.moved = Instant::now();
		state.begun = None;
	}

	/// How long the proof has been made; nothing while it waits.
	pub fn at_work(&self) -> Duration {
		self.0
			.lock()
			.begun
			.map_or(Duration::ZERO, |begun| begun.elapsed())
	}

	/// Announces a step.
	pub fn report(&self, step: String) {
		let mut state = self.0.lock();
		state.step = Some(step);
		state.moved = Instant::now();
	}

	/// The last step, if the engine announces any.
	pub fn step(&self) -> Option<String> {
		self.0.lock().step.clone()
	}

	/// How long it has been without a new step.
	pub fn idle(&self) -> Duration {
		self.0.lock().moved.elapsed()
	}

	/// Asks the engine to stop, for this reason. One that cannot goes on.
	pub fn stop(&self, reason: String) {
		let mut state = self.0.lock();
		state.stopped.get_or_insert(reason);
		state.beginning = None;
		// Under the lock, so that what is settled is not stopped.
		if let Some(stopper) = state.stopper.take() {
			stopper();
		}
	}

	/// Why it was asked to stop, if it was.
	pub fn stopped(&self) -> Option<String> {
		self.0.lock().stopped.clone()
	}

	/// Has `stopper` called when the attempt is stopped: now, if it was already.
	pub fn on_stop(&self, stopper: Stopper) {
		let mut state = self.0.lock();
		if state.stopped.is_some() {
			stopper();
		} else {
			state.stopper = Some(stopper);
		}
	}

	/// The computation is over: there is nothing to stop any more.
	pub fn settle(&self) {
		self.0.lock().stopper = None;
	}
}

#[cfg(test)]
mod tests {
	use super::*;
	use std::sync::{
		atomic::{AtomicUsize, Ordering},
		Arc,
	};

	#[test]
	fn an_attempt_should_be_at_work_from_when_it_begins_and_not_while_it_waits() {
		let (attempt, pause) = (Attempt::default(), Duration::from_millis(20));
		let sleep = || std::thread::sleep(pause);
		sleep();
		assert_eq!(attempt.at_work(), Duration::ZERO);
		attempt.begin();
		sleep();
		assert!(attempt.at_work() >= pause && attempt.idle() >= pause);
		attempt.report("one".into());
		assert!(attempt.at_work() >= pause && attempt.idle() < attempt.at_work());
		attempt.wait();
		sleep();
		attempt.report("reading".into());
		assert_eq!(attempt.at_work(), Duration::ZERO);
	}

	#[test]
	fn the_beginning_should_be_told_once_and_not_of_an_attempt_that_was_stopped_before() {
		let calls = Arc::new(AtomicUsize::new(0));
		let told = || -> Beginning {
			let calls = calls.clone();
			Box::new(move || {
				calls.fetch_add(1, Ordering::SeqCst);
			})
		};
		let attempt = Attempt::default();
		attempt.on_begin(told());
		attempt.wait();
		assert_eq!(calls.load(Ordering::SeqCst), 0);
		attempt.begin();
		attempt.begin();
		assert_eq!(calls.load(Ordering::SeqCst), 1);

		let stopped = Attempt::default();
		stopped.on_begin(told());
		stopped.stop("cancelled".into());
		assert_eq!(Arc::strong_count(&calls), 1, "it is let go of");
		stopped.begin();
		assert_eq!(calls.load(Ordering::SeqCst), 1);
	}

	#[test]
	fn an_attempt_should_be_stopped_once_at_once_or_when_it_begins_but_not_when_it_is_over() {
		let calls = Arc::new(AtomicUsize::new(0));
		let stopper = || -> Stopper {
			let calls = calls.clone();
			Box::new(move || {
				calls.fetch_add(1, Ordering::SeqCst);
			})
		};
		let attempt = Attempt::default();
		attempt.on_stop(stopper());
		attempt.stop("first".into());
		attempt.stop("second".into());
		assert_eq!(calls.load(Ordering::SeqCst), 1);
		assert_eq!(attempt.stopped().as_deref(), Some("first"));
		attempt.on_stop(stopper());
		assert_eq!(calls.load(Ordering::SeqCst), 2);

		let over = Attempt::default();
		over.on_stop(stopper());
		over.settle();
		over.stop("late".into());
		assert_eq!(calls.load(Ordering::SeqCst), 2);
	}
}
