//! The engine process: reads requests, proves, answers.
//!
//! It says nothing to anybody but the service, and needs nothing from it but folders: it has no network, no
//! token, no store. It ends when its standard input does.

use super::{
	wire::{self, Report, Request},
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
	let mut native = config.native();
	native.announce = Some(Arc::new(announce(output.clone())));
	let mut engine = Held {
		native,
		budget: config.model_bytes,
		models: Vec::new(),
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
}

impl Held {
	fn answer(&mut self, request: Request) -> Report {
		let answered = match request {
			Request::Check { dir, bundle } => self.check(&dir, bundle),
			Request::Prove {
				dir,
				bundle,
				header,
				input,
			} => self.prove(&dir, bundle, &header, &input),
		};
		answered.unwrap_or_else(|error| Report::Failed(error.into()))
	}

	fn check(&self, dir: &str, hash: Hash) -> Result<Report, EngineError> {
		self.native.check(&self.open(dir, hash)?)?;
		Ok(Report::Checked)
	}

	fn prove(
		&mut self,
		dir: &str,
		hash: Hash,
		header: &StatementHeader,
		input: &[i64],
	) -> Result<Report, EngineError> {
		let model = self.model(dir, hash)?;
		let proof = model.prove(header, input, &Attempt::default())?;
		Ok(Report::Proven {
			output: proof.output,
			proof: proof.bytes,
			held_bytes: self.bytes(),
		})
	}

	/// The bundle in `dir`, if it is the one with this content.
	fn open(&self, dir: &str, hash: Hash) -> Result<Bundle, EngineError> {
		let bundle = self.native.open(Path::new(dir))?;
		if bundle.hash() != hash {
			return Err(EngineError::Load(format!(
				"the bundle in {dir} was replaced since it was loaded; load it anew with \
				 prover_loadModel, or put back what was there"
			)));
		}
		Ok(bundle)
	}

	fn model(&mut self, dir: &str, hash: Hash) -> Result<&NativeModel, EngineError> {
		let found = self.models.iter().position(|(held, _)| *held == hash);
		let model = match found {
			Some(index) => self.models.remove(index).1,
			None => {
				let bundle = self.open(dir, hash)?;
				tracing::debug!(model = %bundle.vk_hash(), dir, "reading the proving key");
				// Whether its keys were compared is the service's to say, which named it.
				let info = self.native.describe(&bundle, true);
				self.native.model(bundle, info)?
			},
		};
		self.models.push((hash, model));
		while self.budget > 0 && self.bytes() > self.budget && self.models.len() > 1 {
			self.models.remove(0);
		}
		match self.models.last() {
			Some((_, model)) => Ok(model),
			None => unreachable!("it was added, and the last one stays"),
		}
	}

	fn bytes(&self) -> u64 {
		self.models.iter().map(|(_, model)| model.bytes()).sum()
	}
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
