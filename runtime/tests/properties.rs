//! Random calls on the real runtime, block after block: honest and hostile users, operators, creators,
//! relayers, thieves and governance, with real signatures, fees and proofs. After each call the rules of
//! docs/DESIGN.md, section 4, are checked (`rules`).
//!
//! The calls come in chapters, each on a new chain. `INFERENCE_PROPERTY_CALLS` sets how many calls
//! there are in all, `INFERENCE_PROPERTY_SEED` the first chapter's seed; each next chapter's is one more.
//! What fails prints the chapter's seed, the number of calls and the last of them, and those two
//! variables run it again.

pub(super) mod calls;
mod moves;
pub(super) mod prover;
mod rules;

use super::{
	chain::{self, Chain},
	*,
};
use inference_primitives::{
	Mode, ModelId, ModelRef, NodeId, ProtocolParameters, Ticks, WorkloadId, WorkloadState,
};
use pallet_inference_market::{NotAdmitted, Workloads};
use prover::CIRCUITS;
use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;
use rules::Rules;
use sp_keyring::Sr25519Keyring::{self, *};
use sp_runtime::{
	transaction_validity::{InvalidTransaction, TransactionValidityError},
	ApplyExtrinsicResult,
};
use std::{
	cell::RefCell,
	collections::{BTreeMap, VecDeque},
	panic::{catch_unwind, resume_unwind, AssertUnwindSafe},
	process::Command,
	thread::{self, available_parallelism},
	time::Instant,
};

/// Calls by default.
const CALLS: u32 = 10_000;
/// The first chapter's seed by default.
const SEED: u64 = 3_000;
/// Calls of a chapter.
const CHAPTER: u32 = 500;
/// Calls that a failure prints.
const LAST: usize = 12;

/// Root's key, and the validator's.
const GOVERNOR: Sr25519Keyring = Alice;
/// An operator that never lies and is never late, and the keys of its workers.
const HONEST: Sr25519Keyring = Bob;
const HONEST_WORKERS: [Sr25519Keyring; 3] = [BobStash, One, DaveStash];
/// A user, and a creator, who keep to the rules.
const USER: Sr25519Keyring = Ferdie;
const CREATOR: Sr25519Keyring = AliceStash;
/// Operators that do whatever they like, and keys that they, or nobody, use as workers.
const OPERATORS: [Sr25519Keyring; 2] = [Charlie, Dave];
const WORKERS: [Sr25519Keyring; 4] = [CharlieStash, EveStash, FerdieStash, Two];
/// Everybody who does whatever they like.
const HOSTILE: [Sr25519Keyring; 7] = [Charlie, Dave, Eve, CharlieStash, EveStash, FerdieStash, Two];

thread_local! {
	/// What this thread's runtime logged that its code says cannot happen.
	static DEFENSIVE: RefCell<Vec<String>> = const { RefCell::new(Vec::new()) };
}

/// Collects what `defensive!` logs: without debug assertions it does nothing else.
struct Collector;

impl log::Log for Collector {
	fn enabled(&self, metadata: &log::Metadata<'_>) -> bool {
		metadata.target() == "runtime::defensive"
	}

	fn log(&self, record: &log::Record<'_>) {
		if self.enabled(record.metadata()) {
			DEFENSIVE.with_borrow_mut(|seen| seen.push(record.args().to_string()));
		}
	}

	fn flush(&self) {}
}

/// Nothing happened that cannot happen.
fn assert_nothing_defensive() {
	let seen = DEFENSIVE.take();
	assert!(
		seen.is_empty(),
		"the runtime says that this cannot be: {seen:?}"
	);
}

fn collect_defensive_errors() {
	log::set_logger(&Collector).expect("this process has no other logger");
	log::set_max_level(log::LevelFilter::Error);
	log::error!(target: "runtime::defensive", "a trial");
	assert!(
		!DEFENSIVE.take().is_empty(),
		"defensive errors are not collected"
	);
}

/// Times within the inequalities, as short as they may be: a chapter sees whole lives.
fn short() -> ProtocolParameters {
	ProtocolParameters {
		node_epoch: 24,
		// Few workloads fill a node.
		backlog_bound: Ticks(3),
		proving_backlog: Ticks(4),
		max_deadline: Ticks(100),
		redraws: 1,
		queue_ttl: Ticks(30),
		unbonding: Ticks(240),
		retention: Ticks(40),
		breaker_pause: Ticks(25),
		breaker_cooldown: Ticks(60),
		breaker_window: Ticks(30),
		..ProtocolParameters::development()
	}
}

/// The world of one chapter.
struct World {
	random: ChaCha8Rng,
	chain: Chain,
	rules: Rules,
	/// Workloads in the order of submission.
	workloads: Vec<WorkloadId>,
	/// Proofs that were made, for whoever copies them.
	proofs: BTreeMap<WorkloadId, Vec<u8>>,
	/// In which block the honest worker's inbox first had an output or a proof that it owes.
	owed: BTreeMap<(WorkloadId, bool), BlockNumber>,
	/// Ticks before a deadline at which the honest worker acts at the latest.
	patience: u32,
	/// Calls that were made, besides what the honest worker must do.
	calls: u32,
	/// The last calls, as the runtime got them.
	last: VecDeque<String>,
	/// Whether governance has disabled something, and may.
	may_disable: bool,
}

impl World {
	/// A chain of the development preset, where models, stakes and nodes are set up.
	fn new(seed: u64) -> Self {
		let mut random = ChaCha8Rng::seed_from_u64(seed);
		let may_disable = random.gen_ratio(1, 3);
		let patience = random.gen_range(4..16);
		Self {
			random,
			chain: Chain::new(),
			rules: Rules::new([HONEST.to_account_id()]),
			workloads: Vec::new(),
			proofs: BTreeMap::new(),
			owed: BTreeMap::new(),
			patience,
			calls: 0,
			last: VecDeque::new(),
			may_disable,
		}
	}

	/// The genesis of a chapter: everybody but one thief has money.
	fn genesis() -> sp_io::TestExternalities {
		let unit = inference_primitives::parameters::UNIT;
		let rich = [
			Alice,
			Bob,
			Charlie,
			Dave,
			Eve,
			Ferdie,
			AliceStash,
			BobStash,
			CharlieStash,
			DaveStash,
			EveStash,
			One,
			Two,
		];
		let balances: Vec<_> = rich
			.iter()
			.map(|key| serde_json::json!([key.to_account_id(), 1_000_000 * unit]))
			.chain([serde_json::json!([FerdieStash.to_account_id(), 3 * unit])])
			.collect();
		// A chapter sees several eras.
		let change = serde_json::json!({
			"balances": { "balances": balances },
			"networkParameters": { "babeEpochSlots": 30, "sessionsPerEra": 2 },
		});
		genesis_of(&sp_genesis_builder::DEV_RUNTIME_PRESET.into(), change)
			.build_storage()
			.expect("the preset builds")
			.into()
	}

	/// A call that the test cannot do without: in the next block if this one is full, as the first of a
	/// session is.
	fn must(&mut self, signer: Sr25519Keyring, call: RuntimeCall) {
		let full = TransactionValidityError::from(InvalidTransaction::ExhaustsResources);
		let mut result = self.apply(signer, call.clone());
		if result == Err(full) {
			self.end();
			self.begin();
			result = self.apply(signer, call);
		}
		assert_eq!(result, Ok(Ok(())));
	}

	fn set_up(&mut self) {
		let unit = inference_primitives::parameters::UNIT;
		self.begin();
		self.must(GOVERNOR, calls::sudo(calls::set_parameters(short())));
		for (creator, index, royalty) in [
			(CREATOR, 0, 1_000_003),
			(CREATOR, 1, unit / 7),
			(Eve, 0, unit + 1),
		] {
			let plan = CIRCUITS[index].plan.clone();
			self.must(
				creator,
				calls::register_model(calls::Registration::of(plan, royalty)),
			);
		}
		for (creator, model) in [(CREATOR, 0), (CREATOR, 1), (Eve, 2)] {
			self.must(creator, calls::activate(model_of(model)));
		}
		self.end();
		self.begin();
		// So B workloads may be outstanding for each unit of capacity.
		let model = pallet_model_registry::Models::<Runtime>::get(model_of(0));
		assert_eq!(model.map(|model| model.compute_units.0), Some(1));
		let nodes = [
			(HONEST, HONEST_WORKERS[0], 1),
			(HONEST, HONEST_WORKERS[1], 2),
			(Charlie, CharlieStash, 3),
			(Charlie, EveStash, 1),
			(Dave, FerdieStash, 1),
		];
		for (operator, bond) in [(HONEST, 1_000), (Charlie, 500), (Dave, 60)] {
			let capacity: u64 = nodes
				.iter()
				.filter(|node| node.0 == operator)
				.map(|node| node.2)
				.sum();
			let minimum = Balance::from(capacity) * 2 * unit;
			self.must(operator, calls::bond(minimum.max(100 * unit) + bond * unit));
		}
		for (index, (operator, worker, capacity)) in nodes.into_iter().enumerate() {
			let consent = calls::consent(worker, &operator.to_account_id());
			self.must(
				operator,
				calls::register_node(worker.to_account_id(), capacity, consent),
			);
			for model in 0..3 {
				self.must(operator, calls::join(NodeId(index as u32), model_of(model)));
			}
		}
		self.end();
		self.pass(25);
	}

	/// Begins a block.
	fn begin(&mut self) {
		self.rules.begin_block();
		self.chain.initialize();
		self.rules.check_events();
		self.chain.apply_inherents();
	}

	/// Ends a block.
	fn end(&mut self) {
		self.chain.finalize();
		self.rules.check();
		self.rules.check_block();
	}

	/// Lets blocks pass in which only the honest worker acts.
	fn pass(&mut self, blocks: u32) {
		for _ in 0..blocks {
			self.begin();
			self.be_honest();
			self.end();
		}
	}

	/// Applies a call and checks the rules.
	fn apply(&mut self, signer: Sr25519Keyring, call: RuntimeCall) -> ApplyExtrinsicResult {
		if self.last.len() == LAST {
			self.last.pop_front();
		}
		let text = format!("block {}, {signer:?}: {call:.600?}", self.chain.number());
		self.last.push_back(text.chars().take(900).collect());
		let before = self.rules.counts.get("submitted").copied();
		let is_due = is_due(&call);
		let result = chain::apply(signer, call);
		if is_due {
			assert!(
				!matches!(result, Ok(Err(_))),
				"rule 3: what is due cannot be expired: {result:?}"
			);
		}
		if let Some(last) = self.last.back_mut() {
			last.push_str(&format!(" -> {result:?}"));
		}
		self.rules.check();
		if self.rules.counts.get("submitted").copied() != before {
			self.note_submitted();
		}
		result
	}

	/// Remembers workloads that are new.
	fn note_submitted(&mut self) {
		let events: Vec<WorkloadId> = System::read_events_no_consensus()
			.filter_map(|record| match record.event {
				RuntimeEvent::InferenceMarket(
					pallet_inference_market::Event::WorkloadSubmitted { workload, .. },
				) => Some(workload),
				_ => None,
			})
			.collect();
		for workload in events {
			if !self.workloads.contains(&workload) {
				self.workloads.push(workload);
			}
		}
	}

	/// A valid proof that the workload's right output is its output. None once it is pruned, and under a
	/// key that is nobody's circuit.
	fn proof(&mut self, id: WorkloadId) -> Option<Vec<u8>> {
		if let Some(proof) = self.proofs.get(&id) {
			return Some(proof.clone());
		}
		let header = Workloads::<Runtime>::get(id)?.statement;
		let input = pallet_inference_market::Inputs::<Runtime>::get(id)?;
		let proof = rules::circuit(header.vk_hash)?.prove(header, &input);
		self.proofs.insert(id, proof.clone());
		Some(proof)
	}

	/// The right output of a workload.
	fn output(&self, id: WorkloadId) -> Option<Vec<i64>> {
		let header = Workloads::<Runtime>::get(id)?.statement;
		let input = pallet_inference_market::Inputs::<Runtime>::get(id)?;
		Some(rules::circuit(header.vk_hash)?.execute(&input))
	}

	/// The honest worker does what is due, some of it as late as it may. It acts on finalised state, so it
	/// knows nothing of what came since.
	fn be_honest(&mut self) {
		for worker in HONEST_WORKERS {
			for item in InferenceMarket::inbox(&worker.to_account_id(), None) {
				let id = item.statement.workload;
				let owed = (id, item.state == WorkloadState::Assigned);
				let since = *self.owed.entry(owed).or_insert(self.chain.number());
				let left = item.deadline.since(chain::now()).0;
				let waits = left > self.patience && !self.random.gen_ratio(1, 12);
				if since > self.chain.finalised || waits {
					continue;
				}
				let output = self.output(id).expect("it is open");
				let deferred = item.mode == Mode::Deferred;
				let call = if item.state == WorkloadState::Assigned && deferred {
					calls::deliver(id, output)
				} else {
					let given = (item.state == WorkloadState::Assigned).then_some(output);
					let proof = self.proof(id).expect("it is open");
					calls::prove(id, given, proof)
				};
				let before = Balances::total_issuance();
				match self.apply(worker, call) {
					// Who proved was paid (the rules look at the event), and the call was free.
					Ok(Ok(())) => assert_eq!(
						Balances::total_issuance(),
						before,
						"rule 5: a fee for a step"
					),
					// The block is full: the next has room, or the clock stands.
					Err(TransactionValidityError::Invalid(
						InvalidTransaction::ExhaustsResources,
					)) => self.rules.count("found a block full"),
					other => panic!("rule 5: an honest step was refused: {other:?}"),
				}
			}
		}
	}

	/// Makes so many random calls.
	fn act(&mut self, calls: u32) {
		let end = self.calls + calls;
		while self.calls < end {
			if self.random.gen_ratio(1, 12) {
				let blocks = self.random.gen_range(1..20);
				self.pass(blocks);
			}
			self.chain.stalled = if self.chain.stalled {
				!self.random.gen_ratio(1, 12)
			} else {
				self.random.gen_ratio(1, 50)
			};
			self.begin();
			self.be_honest();
			let here = self.random.gen_range(0..14).min(end - self.calls);
			for _ in 0..here {
				self.step();
				self.calls += 1;
			}
			self.end();
		}
	}

	/// Makes a random call.
	fn step(&mut self) {
		let (signer, call) = self.choose();
		if self.random.gen_ratio(1, 4) {
			chain::check_weight(signer, call.clone());
		}
		if self.random.gen_ratio(1, 40) {
			chain::check_bare(call.clone());
			self.rules.check();
		}
		let result = self.apply(signer, call);
		self.rules.count(match result {
			Ok(Ok(())) => "calls that succeeded",
			Ok(Err(_)) => "calls that failed",
			Err(TransactionValidityError::Invalid(InvalidTransaction::Custom(reason)))
				if reason >= NotAdmitted::UnknownWorkload as u8 =>
			{
				"calls not admitted"
			},
			Err(_) => "calls not valid",
		});
	}

	/// Nothing hostile happens any more: everything ends by its bound, and all money goes home.
	fn wind_up(&mut self) {
		self.begin();
		if pallet_network_parameters::Stopped::<Runtime>::get() {
			self.must(GOVERNOR, calls::sudo(calls::set_serving(true)));
		}
		self.must(GOVERNOR, calls::sudo(calls::set_parameters(short())));
		self.end();
		self.chain.stalled = false;
		let open = || {
			Workloads::<Runtime>::iter_values().any(|record| !record.state.is_terminal())
				|| pallet_inference_market::DelayedSlashes::<Runtime>::iter_keys().count() > 0
		};
		// The longest life from now on, and a stand of the clock; `rules` has each one's own bound.
		let mut left = 500;
		while open() {
			assert!(left > 0, "rule 6: something never ends");
			left -= 1;
			self.pass(1);
		}
		// What ended last is retained for longer than what ends now, if governance said so before.
		let last = Workloads::<Runtime>::iter_values()
			.map(|record| record.deadline)
			.max();
		while last.is_some_and(|last| chain::now() <= last) {
			assert!(left > 0, "the clock stands for ever");
			left -= 1;
			self.pass(1);
		}
		// The chain removes by itself what was kept long enough.
		while Workloads::<Runtime>::iter_keys().next().is_some() {
			assert!(left > 0, "rule 9: something is kept for ever");
			left -= 1;
			self.pass(1);
		}
		self.begin();
		let credits: Vec<(AccountId, Balance)> =
			pallet_inference_market::Credits::<Runtime>::iter().collect();
		for (account, amount) in credits {
			if amount >= EXISTENTIAL_DEPOSIT || System::account_exists(&account) {
				self.must(USER, calls::claim(account));
			}
		}
		self.end();
		self.rules.check_end();
	}
}

/// Whether the call is to expire what is open and past its deadline, so that it must not fail.
fn is_due(call: &RuntimeCall) -> bool {
	let RuntimeCall::InferenceMarket(pallet_inference_market::Call::expire { workload }) = call
	else {
		return false;
	};
	Workloads::<Runtime>::get(workload)
		.is_some_and(|record| !record.state.is_terminal() && chain::now() > record.deadline)
}

/// Version 1 of a model.
fn model_of(model: u32) -> ModelRef {
	ModelRef {
		model: ModelId(model),
		version: 1,
	}
}

fn variable<T: std::str::FromStr>(name: &str, default: T) -> T {
	match std::env::var(name) {
		Ok(text) => text
			.parse()
			.unwrap_or_else(|_| panic!("{name} is no number: {text}")),
		Err(_) => default,
	}
}

/// One chapter: so many calls on a new chain. Returns what happened how often.
fn live_through(seed: u64, calls: u32) -> BTreeMap<&'static str, u32> {
	World::genesis().execute_with(|| {
		let mut world = World::new(seed);
		let result = catch_unwind(AssertUnwindSafe(|| {
			world.set_up();
			world.act(calls);
			world.wind_up();
		}));
		if let Err(panic) = result {
			eprintln!(
				"Run again: INFERENCE_PROPERTY_SEED={seed} INFERENCE_PROPERTY_CALLS={calls}\n\
				 In block {}, tick {:?}, after {} random calls. The last calls:\n{}",
				world.chain.number(),
				chain::now(),
				world.calls,
				Vec::from(world.last).join("\n"),
			);
			resume_unwind(panic);
		}
		let mut counts = world.rules.counts;
		counts.insert("blocks", world.chain.number());
		counts
	})
}

/// Set in the process that this test starts.
const OWN_PROCESS: &str = "INFERENCE_PROPERTY_OWN_PROCESS";

#[test]
fn rules_1_to_7_and_9_hold_after_every_call_on_the_real_runtime() {
	if std::env::var_os(OWN_PROCESS).is_none() {
		// A process has one logger, and FRAME's own tests in this program set another.
		let name = thread::current()
			.name()
			.expect("the test's name")
			.to_owned();
		let status = Command::new(std::env::current_exe().expect("this program"))
			.args(["--exact", &name, "--nocapture"])
			.env(OWN_PROCESS, "1")
			.status()
			.expect("it starts");
		assert!(status.success(), "see its output: {status}");
		return;
	}
	collect_defensive_errors();
	let seed = variable("INFERENCE_PROPERTY_SEED", SEED);
	let calls = variable("INFERENCE_PROPERTY_CALLS", CALLS);
	let started = Instant::now();
	let chapters = calls.div_ceil(CHAPTER);
	let threads = available_parallelism().map_or(1, |count| count.get().min(4) as u32);
	let counts = thread::scope(|scope| {
		let run = |thread: u32| {
			let mut counts = BTreeMap::<&str, u32>::new();
			for chapter in (thread..chapters).step_by(threads as usize) {
				let calls = CHAPTER.min(calls - chapter * CHAPTER);
				for (what, count) in live_through(seed.wrapping_add(chapter.into()), calls) {
					*counts.entry(what).or_default() += count;
				}
			}
			counts
		};
		let threads: Vec<_> = (0..threads)
			.map(|thread| scope.spawn(move || run(thread)))
			.collect();
		let mut counts = BTreeMap::<&str, u32>::new();
		for thread in threads {
			let part = thread.join().unwrap_or_else(|panic| resume_unwind(panic));
			for (what, count) in part {
				*counts.entry(what).or_default() += count;
			}
		}
		counts
	});
	let seconds = started.elapsed().as_secs_f64();
	println!(
		"{calls} calls in {seconds:.1} s, {:.0} a second: {counts:#?}",
		f64::from(calls) / seconds
	);
	// What the test is about has happened.
	if calls >= CALLS {
		for what in [
			"assigned",
			"delivered",
			"settled",
			"an era ended",
			"a staker was paid",
			"cancelled",
			"expired",
			"missed a delivery",
			"missed a proof",
			"declined",
			"requeued",
			"refunded",
			"voided",
			"pruned",
			"claimed",
			"suspended",
			"tripped the breaker",
			"delayed a slash",
			"took a delayed slash",
		] {
			assert!(counts.contains_key(what), "never: {what}");
		}
	}
}
