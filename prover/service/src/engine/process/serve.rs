//! The engine process: reads requests, proves, answers.
//!
//! It says nothing to anybody but the service, and needs nothing from it but folders: it has no network, no
//! token, no store. It ends when its standard input does.

use super::{
	wire::{self, Place, Report, Request},
	EngineConfig,
};
use crate::engine::{
	native::{NativeEngine, NativeModel},
	Attempt, EngineError, Model,
};
use inference_circuits::{Bundle, Step};
use inference_primitives::{Hash, StatementHeader};
use parking_lot::Mutex;
use rustix::process::{getrlimit, setrlimit, Resource, Rlimit};
use std::{
	collections::BTreeMap,
	io::{self, Stdout},
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
	std::panic::set_hook(Box::new(|panic| {
		eprintln!("{}", panic.to_string().replace('\n', " "));
		process::exit(PANICKED);
	}));

	let (sender, requests) = mpsc::sync_channel(1);
	thread::Builder::new()
		.name("requests".into())
		.spawn(move || read_requests(&sender))?;
	let output = Arc::new(Mutex::new(io::stdout()));
	let mut native = config.native().map_err(io::Error::other)?;
	native.announce = Some(Arc::new(announce(output.clone())));
	let mut engine = Held {
		native,
		budget: config.model_bytes,
		models: Vec::new(),
		sizes: BTreeMap::new(),
	};
	for request in requests {
		let report = engine.answer(request);
		wire::send(&mut *output.lock(), &report)?;
	}
	Ok(())
}

/// Reads requests until the service is gone, and ends the process then, whatever it is at.
fn read_requests(sender: &mpsc::SyncSender<Request>) {
	loop {
		match wire::receive(&mut io::stdin().lock()) {
			Ok(Some(request)) => {
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
	/// Bytes of those that were held so far.
	sizes: BTreeMap<Hash, u64>,
}

impl Held {
	fn answer(&mut self, request: Request) -> Report {
		let answered = match request {
			Request::Hello => Ok(Report::Ready),
			Request::Check(place) => self.check(&place),
			Request::Load { place, evict } => self.load(&place, evict).map(|()| Report::Holds {
				bundles: self.models.iter().map(|(hash, _)| *hash).collect(),
				bytes: self.bytes(),
			}),
			Request::Prove {
				place,
				header,
				input,
			} => self.prove(&place, &header, &input),
		};
		answered.unwrap_or_else(|error| Report::Failed(error.into()))
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
		self.load(place, true)?;
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
	/// be. Without `evict` it is left out where there is no room.
	fn load(&mut self, place: &Place, evict: bool) -> Result<(), EngineError> {
		let hash = place.bundle;
		if let Some(index) = self.models.iter().position(|(held, _)| *held == hash) {
			let model = self.models.remove(index);
			self.models.push(model);
			return Ok(());
		}
		let bundle = self.open(place)?;
		let needed = self.sizes.get(&hash).copied();
		let needed = needed.unwrap_or_else(|| least_bytes(&bundle));
		if !self.make_room(needed, evict) {
			return Ok(());
		}
		tracing::debug!(model = %bundle.vk_hash(), dir = place.dir, "reading the proving key");
		// Whether its keys were compared is the service's to say, which named it.
		let info = self.native.describe(&bundle, true);
		let model = self.native.model(bundle, info)?;
		self.sizes.insert(hash, model.bytes());
		// It may be larger than was known.
		if self.make_room(model.bytes(), evict) {
			self.models.push((hash, model));
		}
		Ok(())
	}

	/// Whether so many bytes fit the budget, or there is nothing else to let go of.
	fn make_room(&mut self, bytes: u64, evict: bool) -> bool {
		while self.budget > 0
			&& !self.models.is_empty()
			&& self.bytes().saturating_add(bytes) > self.budget
		{
			if !evict {
				return false;
			}
			self.models.remove(0);
		}
		true
	}

	fn bytes(&self) -> u64 {
		let bytes = self.models.iter().map(|(_, model)| model.bytes());
		bytes.fold(0, u64::saturating_add)
	}
}

/// Bytes of a model that was not held yet, at least: its key, and two points for each row.
fn least_bytes(bundle: &Bundle) -> u64 {
	let points = 128u64.checked_shl(bundle.layout().k.into());
	bundle
		.manifest()
		.proving_key_bytes
		.saturating_add(points.unwrap_or(u64::MAX))
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
