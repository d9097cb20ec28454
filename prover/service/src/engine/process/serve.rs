//! The engine process: reads requests, proves, answers.
//!
//! It says nothing to anybody but the service, and needs nothing from it but folders: it has no network, no
//! token, no store. It ends when its standard input does.

use super::{
	wire::{self, Message, Outcome, Place, Report, Request},
	EngineConfig,
};
use crate::engine::{
	bytes_of,
	native::{NativeEngine, NativeModel},
	Attempt, EngineError, Model,
};
use inference_circuits::{Bundle, Step};
use inference_plonk::CommitmentKey;
use inference_primitives::{Hash, StatementHeader};
use parking_lot::Mutex;
use rustix::process::{getrlimit, setrlimit, Resource, Rlimit};
use std::{
	collections::BTreeMap,
	io::{self, Stdout},
	panic::{self, AssertUnwindSafe},
	path::Path,
	process,
	sync::{
		atomic::{AtomicU64, Ordering},
		mpsc, Arc,
	},
	thread,
	time::{Duration, Instant},
};
use tokio::signal::unix::{signal, SignalKind};

/// The argument with which the program is an engine process.
pub const ARGUMENT: &str = "engine-process";
/// Exit code after a panic.
pub const PANICKED: i32 = 101;
/// Shortest time between two steps that are announced: a small proof has many.
const STEP_PAUSE: Duration = Duration::from_millis(100);

/// Serves the service at the other end of standard input and output until it closes them.
pub fn serve() -> io::Result<()> {
	end_with_service();
	let runtime = tokio::runtime::Builder::new_current_thread()
		.enable_all()
		.build()?;
	{
		// Taken and never looked at: a supervisor that stops the service signals all of its processes, and
		// the service lets proofs end.
		let _inside = runtime.enter();
		drop(signal(SignalKind::terminate())?);
		drop(signal(SignalKind::interrupt())?);
	}
	let Some(config) = wire::read_frame(&mut io::stdin().lock())? else {
		return Ok(());
	};
	let config: EngineConfig = serde_json::from_slice(&config)?;
	be_first_for_the_system_to_end();
	bound_memory(config.memory_bytes)?;
	// Whatever panicked may be half done; the next process begins anew.
	panic::set_hook(Box::new(|panic| {
		eprintln!("{}", panic.to_string().replace('\n', " "));
		process::exit(PANICKED);
	}));

	let (sender, requests) = mpsc::sync_channel(1);
	let interrupts = Arc::new(Interrupts::default());
	let asked = interrupts.clone();
	thread::Builder::new()
		.name("messages".into())
		.spawn(move || read_messages(&sender, &asked))?;
	let output = Arc::new(Mutex::new(io::stdout()));
	let mut native = config.native().map_err(io::Error::other)?;
	let announce = announce(output.clone());
	let steps = interrupts.clone();
	native.announce = Some(Arc::new(move |step| {
		announce(step);
		steps.throw_if_asked();
	}));
	let mut engine = Held::new(native, config.model_bytes, interrupts);
	for request in requests {
		let report = engine.answer(request);
		wire::send(&mut *output.lock(), &report)?;
	}
	Ok(())
}

/// Reads what the service says until it is gone, and ends the process then, whatever that is at.
fn read_messages(sender: &mpsc::SyncSender<Request>, interrupts: &Interrupts) {
	loop {
		match wire::receive(&mut io::stdin().lock()) {
			Ok(Some(Message::Interrupt(number))) => interrupts.ask(number),
			Ok(Some(Message::Request(request))) => {
				if sender.send(request).is_err() {
					return;
				}
			},
			Ok(None) => process::exit(0),
			Err(error) => {
				tracing::error!(%error, "the service cannot be understood");
				process::exit(1);
			},
		}
	}
}

/// Which reads are to end. One ends between two of its steps, by unwinding: so it is left by whatever it is at, on
/// all threads, and nothing but what it made itself is lost. No panic: the hook is not called.
#[derive(Default)]
struct Interrupts {
	/// Greatest number of a request that was interrupted.
	asked: AtomicU64,
	/// Number of the request that is being answered; zero while that cannot be interrupted.
	current: AtomicU64,
}

/// With what a read is left.
struct Interrupted;

impl Interrupts {
	fn ask(&self, number: u64) {
		self.asked.fetch_max(number, Ordering::SeqCst);
	}

	fn throw_if_asked(&self) {
		let current = self.current.load(Ordering::SeqCst);
		if current > 0 && current <= self.asked.load(Ordering::SeqCst) {
			panic::resume_unwind(Box::new(Interrupted));
		}
	}

	/// What `read` gives, as request `number`; nothing if it was interrupted. It must leave nothing half done
	/// where others see it.
	fn during<T>(&self, number: u64, read: impl FnOnce() -> T) -> Option<T> {
		self.current.store(number, Ordering::SeqCst);
		let done = panic::catch_unwind(AssertUnwindSafe(|| {
			self.throw_if_asked();
			read()
		}));
		self.current.store(0, Ordering::SeqCst);
		match done {
			Ok(done) => Some(done),
			Err(thrown) if thrown.is::<Interrupted>() => None,
			Err(thrown) => panic::resume_unwind(thrown),
		}
	}
}

/// Announces steps to the service, not more often than somebody looks.
fn announce(output: Arc<Mutex<Stdout>>) -> impl Fn(Step) + Send + Sync {
	let (start, next_ms) = (Instant::now(), AtomicU64::new(0));
	let pause_ms = u64::try_from(STEP_PAUSE.as_millis()).unwrap_or(u64::MAX);
	move |step| {
		tracing::debug!("{step}");
		let now_ms = u64::try_from(start.elapsed().as_millis()).unwrap_or(u64::MAX);
		let is_due = next_ms
			.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |next| {
				(now_ms >= next).then(|| now_ms.saturating_add(pause_ms))
			})
			.is_ok();
		// Who proves does not wait for another's announcement.
		if let Some(mut output) = is_due.then(|| output.try_lock()).flatten() {
			// An error: the service is gone, and soon this process is.
			let _ = wire::send(&mut *output, &Report::Step(step.to_string()));
		}
	}
}

/// The models that the process holds.
struct Held {
	native: NativeEngine,
	/// Most bytes of them, but for the one in use; zero: no bound.
	budget: u64,
	/// By content hash, those that were not used for longest first.
	models: Vec<(Hash, NativeModel)>,
	/// Bytes of those that were held so far, without the setup's points.
	sizes: BTreeMap<Hash, u64>,
	interrupts: Arc<Interrupts>,
}

impl Held {
	fn new(native: NativeEngine, budget: u64, interrupts: Arc<Interrupts>) -> Self {
		Self {
			native,
			budget,
			models: Vec::new(),
			sizes: BTreeMap::new(),
			interrupts,
		}
	}

	fn answer(&mut self, request: Request) -> Report {
		let answered = match request {
			Request::Hello => Ok(Report::Ready),
			Request::Check(place) => self.check(&place),
			Request::Load {
				number,
				place,
				evict,
			} => {
				let loaded = self.load(number, &place, evict);
				let failed = |error: EngineError| Outcome::Failed(error.into());
				Ok(self.holds(loaded.unwrap_or_else(failed)))
			},
			Request::Unload(bundles) => {
				self.models.retain(|(held, _)| !bundles.contains(held));
				Ok(self.holds(Outcome::Done))
			},
			Request::Prove {
				place,
				header,
				input,
			} => self.prove(&place, &header, &input),
		};
		answered.unwrap_or_else(|error| Report::Failed(error.into()))
	}

	fn holds(&self, outcome: Outcome) -> Report {
		Report::Holds {
			bundles: self.models.iter().map(|(hash, _)| *hash).collect(),
			bytes: self.bytes(),
			outcome,
		}
	}

	fn check(&self, place: &Place) -> Result<Report, EngineError> {
		self.native.check(&self.open(place)?)?;
		Ok(Report::Checked)
	}

	fn prove(
		&mut self,
		place: &Place,
		header: &StatementHeader,
		input: &[i64],
	) -> Result<Report, EngineError> {
		self.load(0, place, true)?;
		let Some((_, model)) = self.models.last() else {
			unreachable!("what is loaded by force is the last one");
		};
		let proof = model.prove(header, input, &Attempt::default())?;
		Ok(Report::Proven {
			output: proof.output,
			proof: proof.bytes,
		})
	}

	/// The bundle in its folder, if it is the one with this content.
	fn open(&self, place: &Place) -> Result<Bundle, EngineError> {
		let dir = &place.dir;
		let bundle = self.native.open(Path::new(dir))?;
		if bundle.hash() != place.bundle {
			return Err(EngineError::Load(format!(
				"the bundle in {dir} was replaced since it was loaded; load it anew with \
				 prover_loadModel, or put back what was there"
			)));
		}
		Ok(bundle)
	}

	/// Has the model as the last one: others leave before it is read, so that there is never more than there may
	/// be. Without `evict` it is left out where there is no room. Can be interrupted if it has a `number`.
	fn load(&mut self, number: u64, place: &Place, evict: bool) -> Result<Outcome, EngineError> {
		let hash = place.bundle;
		if let Some(index) = self.models.iter().position(|(held, _)| *held == hash) {
			let model = self.models.remove(index);
			self.models.push(model);
			return Ok(Outcome::Done);
		}
		let bundle = self.open(place)?;
		let known = self.sizes.get(&hash).copied();
		let own = known.unwrap_or(bundle.manifest().proving_key_bytes);
		let points = CommitmentKey::bytes_with_tables(bundle.layout().k);
		let points = u64::try_from(points).unwrap_or(u64::MAX);
		// The points that a model has who stays are there.
		let with_it = |models: &[(Hash, NativeModel)]| {
			let are_there = models.iter().any(|(_, model)| model.shares_with(&bundle));
			let points = if are_there { 0 } else { points };
			held_bytes(models)
				.saturating_add(own)
				.saturating_add(points)
		};
		if !self.make_room(evict, with_it) {
			return Ok(Outcome::NoRoom);
		}
		tracing::debug!(model = %bundle.vk_hash(), dir = place.dir, "reading the proving key");
		// Whether its keys were compared is the service's to say, which named it.
		let info = self.native.describe(&bundle, true);
		let read = || self.native.model(bundle, info);
		let Some(model) = self.interrupts.during(number, read).transpose()? else {
			return Ok(Outcome::Interrupted);
		};
		self.sizes.insert(hash, model.bytes());
		// It may be larger than was known.
		let with_it = |models: &[(Hash, NativeModel)]| {
			let held = models.iter().map(|(_, model)| model as &dyn Model);
			bytes_of(held.chain([&model as &dyn Model]))
		};
		if !self.make_room(evict, with_it) {
			return Ok(Outcome::NoRoom);
		}
		self.models.push((hash, model));
		Ok(Outcome::Done)
	}

	/// Whether another fits the budget, `with_it` bytes with those that are held, or there is nothing else to let
	/// go of.
	fn make_room(&mut self, evict: bool, with_it: impl Fn(&[(Hash, NativeModel)]) -> u64) -> bool {
		while self.budget > 0 && !self.models.is_empty() && with_it(&self.models) > self.budget {
			if !evict {
				return false;
			}
			self.models.remove(0);
		}
		true
	}

	fn bytes(&self) -> u64 {
		held_bytes(&self.models)
	}
}

/// Memory of models, bytes, about.
fn held_bytes(models: &[(Hash, NativeModel)]) -> u64 {
	bytes_of(models.iter().map(|(_, model)| model as &dyn Model))
}

/// Has the system end this process with the service, even if it is stopped or hangs.
fn end_with_service() {
	#[cfg(target_os = "linux")]
	if let Err(error) =
		rustix::process::set_parent_process_death_signal(Some(rustix::process::Signal::KILL))
	{
		tracing::warn!(%error, "the engine process may outlive the service");
	}
}

/// Has the system take this process before the service when memory is short: a proof can be made again.
fn be_first_for_the_system_to_end() {
	#[cfg(target_os = "linux")]
	if let Err(error) = std::fs::write("/proc/self/oom_score_adj", "1000") {
		tracing::debug!(%error, "the system may end the service before the engine");
	}
}

/// Bounds this process's memory; zero: not at all.
///
/// `RLIMIT_DATA` counts what a process may write to: allocations and the stacks of threads. `RLIMIT_AS` would
/// count addresses that are only reserved, too: 64 MiB for each thread that allocates, more on a machine with
/// more cores.
fn bound_memory(bytes: u64) -> io::Result<()> {
	// A core file would be as large as the memory, and tells nothing to who has no sources.
	let core = getrlimit(Resource::Core);
	setrlimit(
		Resource::Core,
		Rlimit {
			current: Some(0),
			..core
		},
	)?;
	if bytes == 0 {
		return Ok(());
	}
	let given = getrlimit(Resource::Data);
	let bytes = given.maximum.map_or(bytes, |maximum| maximum.min(bytes));
	let bound = Rlimit {
		current: Some(bytes),
		maximum: Some(bytes),
	};
	Ok(setrlimit(Resource::Data, bound)?)
}

#[cfg(test)]
mod tests {
	use super::*;
	use crate::engine::native::tests::linear_regression;
	use std::fs;

	/// The linear regression, built into a folder of this name, and its place.
	fn bundle(folder: &Path, name: &str) -> Place {
		let bundle = linear_regression(name, None);
		let dir = folder.join(name);
		bundle.save(&dir).unwrap();
		Place {
			dir: dir.to_str().unwrap().into(),
			bundle: bundle.hash(),
		}
	}

	fn load(held: &mut Held, number: u64, place: &Place, evict: bool) -> (Vec<Hash>, u64, Outcome) {
		let report = held.answer(Request::Load {
			number,
			place: place.clone(),
			evict,
		});
		match report {
			Report::Holds {
				bundles,
				bytes,
				outcome,
			} => (bundles, bytes, outcome),
			other => panic!("{other:?}"),
		}
	}

	#[test]
	fn a_read_should_end_between_two_steps_when_it_is_interrupted_and_leave_what_is_held() {
		let folder = tempfile::tempdir().unwrap();
		let (first, second) = (bundle(folder.path(), "a"), bundle(folder.path(), "b"));
		let interrupts = Arc::new(Interrupts::default());
		let (steps, asked) = (Arc::new(AtomicU64::new(0)), interrupts.clone());
		let counted = steps.clone();
		// At its third step somebody interrupts request 4.
		let announce = move |_| {
			if counted.fetch_add(1, Ordering::SeqCst) == 2 {
				asked.ask(4);
			}
			asked.throw_if_asked();
		};
		let native = NativeEngine {
			announce: Some(Arc::new(announce)),
			..NativeEngine::default()
		};
		let mut held = Held::new(native, 0, interrupts.clone());
		// The interruption may come first.
		interrupts.ask(1);
		let (bundles, _, outcome) = load(&mut held, 1, &first, true);
		assert!(bundles.is_empty() && matches!(outcome, Outcome::Interrupted));
		assert_eq!(steps.load(Ordering::SeqCst), 0);
		// Of an older request it means nothing.
		steps.store(100, Ordering::SeqCst);
		let (bundles, bytes, outcome) = load(&mut held, 3, &first, true);
		assert!(matches!(outcome, Outcome::Done));
		assert_eq!(bundles, [first.bundle]);
		assert!(steps.swap(0, Ordering::SeqCst) > 110);
		let interrupted = load(&mut held, 4, &second, false);
		assert!(matches!(interrupted.2, Outcome::Interrupted));
		assert_eq!((interrupted.0, interrupted.1), (vec![first.bundle], bytes));
		assert!((3..10).contains(&steps.load(Ordering::SeqCst)));
		let (bundles, twice, outcome) = load(&mut held, 5, &second, false);
		assert!(matches!(outcome, Outcome::Done));
		assert_eq!(bundles, [first.bundle, second.bundle]);
		assert!(twice > bytes);
		let Report::Holds { bundles, bytes, .. } = held.answer(Request::Unload(bundles)) else {
			panic!("it says what it holds");
		};
		assert!(bundles.is_empty() && bytes == 0);
	}

	#[test]
	fn models_of_one_size_should_share_the_points_of_their_setup_which_count_once_and_go_with_the_last(
	) {
		let folder = tempfile::tempdir().unwrap();
		let (first, second) = (bundle(folder.path(), "a"), bundle(folder.path(), "b"));
		let mut held = Held::new(NativeEngine::default(), 0, Arc::default());
		let (_, alone, _) = load(&mut held, 1, &first, true);
		let (_, both, _) = load(&mut held, 2, &second, true);
		let [one, other] = [0, 1].map(|index| held.models[index].1.commitments().unwrap());
		assert!(Arc::ptr_eq(one, other));
		let (points, k) = (one.bytes() as u64, one.k());
		assert_eq!(one.bytes(), CommitmentKey::bytes_with_tables(k));
		let left = Arc::downgrade(one);
		let own = |index: usize| held.models[index].1.bytes();
		assert_eq!((alone, both), (own(0) + points, own(0) + own(1) + points));
		let unload = |held: &mut Held, place: &Place| {
			held.answer(Request::Unload(vec![place.bundle]));
			held.bytes()
		};
		assert_eq!(unload(&mut held, &first), alone);
		assert!(left.upgrade().is_some());
		assert_eq!(unload(&mut held, &second), 0);
		assert!(left.upgrade().is_none());

		// Before anything is read, too: whatever was held before, or never.
		for (budget, expected) in [(both, true), (both - 1, false)] {
			let mut held = Held::new(NativeEngine::default(), budget, Arc::default());
			load(&mut held, 1, &first, false);
			for number in [2, 3] {
				let (bundles, bytes, outcome) = load(&mut held, number, &second, false);
				assert_eq!(matches!(outcome, Outcome::Done), expected);
				assert_eq!(matches!(outcome, Outcome::NoRoom), !expected);
				assert_eq!(bundles.contains(&second.bundle), expected);
				assert!(bytes <= budget);
				unload(&mut held, &second);
			}
			// One that is let go of for the other makes room of its own size alone.
			let (bundles, bytes, outcome) = load(&mut held, 4, &second, true);
			assert!(matches!(outcome, Outcome::Done));
			assert_eq!(bundles.len(), if expected { 2 } else { 1 });
			assert_eq!(bytes, if expected { both } else { alone });
		}
	}

	#[test]
	fn what_is_held_should_be_said_although_a_read_fails_after_another_model_left() {
		let folder = tempfile::tempdir().unwrap();
		let (first, second) = (bundle(folder.path(), "a"), bundle(folder.path(), "b"));
		let mut held = Held::new(NativeEngine::default(), 1, Arc::default());
		let (bundles, bytes, _) = load(&mut held, 1, &first, true);
		assert!(bundles == [first.bundle] && bytes > 1);
		// There is no room beside it.
		let (bundles, _, outcome) = load(&mut held, 2, &second, false);
		assert!(bundles == [first.bundle] && matches!(outcome, Outcome::NoRoom));
		let key = Path::new(&second.dir).join("proving_key.bin");
		let mut bytes = fs::read(&key).unwrap();
		*bytes.last_mut().unwrap() ^= 1;
		fs::write(&key, bytes).unwrap();
		let (bundles, bytes, outcome) = load(&mut held, 3, &second, true);
		assert!(matches!(outcome, Outcome::Failed(_)), "{outcome:?}");
		assert!(bundles.is_empty() && bytes == 0);
	}
}
