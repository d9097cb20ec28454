//! Verification natively and in the runtime's wasm, as the node's executor runs it: same proofs,
//! same machine, same run.
//!
//! `scripts/bench-verification` measures, for the tables of docs/VERIFIER.md. One test of each run of CI verifies some of
//! the proofs once, which shows that the runtime's wasm accepts EZKL's proofs and batches, and refuses a changed one.
//!
//! In the library's tests, because a program of its own with a benchmark's harness took half a minute of each build.

use crate::client::EXECUTOR;
use codec::{Decode, DecodeAll, Encode};
use frame_support::{
	dispatch::GetDispatchInfo,
	traits::{fungible::Mutate, BuildGenesisConfig},
};
use frame_system::RawOrigin;
use inference_circuits::{BuildOptions, Bundle, Prover};
use inference_primitives::{
	Destination, GenesisHash, ModelId, ModelRef, ProofSystem, Statement, StatementHeader, VkHash,
	WorkloadId, STATEMENT_VERSION,
};
use inference_runtime::{
	Balances, ProofVerifier, Runtime, RuntimeCall, UncheckedExtrinsic, VERSION, WASM_BINARY,
};
use inference_transaction::{Metadata, Terms};
use inference_verifier::{
	ezkl::plan_from_vka, public_inputs, verify, verify_all, vk_hash, BatchItem, Plan, Scalar, Setup,
};
use sc_executor::WasmExecutor;
use sp_core::{
	sr25519,
	traits::{CallContext, CodeExecutor, Externalities, RuntimeCode, WrappedRuntimeCode},
	Pair,
};
use sp_runtime::{generic::Era, AccountId32, ApplyExtrinsicResult};
use std::{fs, path::PathBuf, sync::Arc, time::Instant};

#[allow(dead_code, reason = "a part is used here")]
#[path = "../../verifier/tests/ezkl_fixtures/mod.rs"]
mod ezkl_fixtures;
mod wide;

use wide::{wide, Sizes};

/// EZKL's circuits, by their numbers of commitments.
const EZKL: [&str; 6] = [
	"linear-regression",
	"mlp-cols2",
	"conv-cols4",
	"tanh-relu-cols8",
	"freivalds-cols4",
	// The highest degree.
	"mlp-cols36",
];
/// Our models.
const MODELS: [&str; 2] = ["linear-regression-diabetes", "mlp-digits"];
/// Circuits at the limits: of the key's and the proof's points and public inputs, half of them, of
/// the program, of public inputs alone.
const WIDE: [(&str, Sizes); 4] = [
	(
		"150 columns",
		Sizes {
			columns: 150,
			terms: 20,
			public_inputs: 1_000,
			k: 11,
		},
	),
	(
		"60 columns",
		Sizes {
			columns: 60,
			terms: 20,
			public_inputs: 200,
			k: 9,
		},
	),
	(
		"long program",
		Sizes {
			columns: 12,
			terms: 480,
			public_inputs: 20,
			k: 6,
		},
	),
	(
		"1,000 public inputs",
		Sizes {
			columns: 3,
			terms: 1,
			public_inputs: 1_000,
			k: 11,
		},
	),
];
/// Runs of which the least is compared with the weight.
const RUNS: usize = 20;
/// Proofs of a batch.
const BATCH: usize = 32;
/// Runs of which the median is printed, after a tenth as many that are not counted.
const SAMPLES: usize = 100;
/// As `SAMPLES`, of batches.
const BATCH_SAMPLES: usize = 20;
/// Environment variable: only what has this in its name is measured, without the comparison with weights.
const FILTER: &str = "INFERENCE_BENCH_FILTER";

/// A proof and all that verifies it.
struct Case {
	name: String,
	system: ProofSystem,
	setup: Setup,
	key: Vec<u8>,
	plan: Plan,
	public_inputs: Vec<Scalar>,
	proof: Vec<u8>,
}

impl Case {
	fn vk_hash(&self) -> VkHash {
		vk_hash(self.system, &self.setup.id(), &self.plan.to_bytes())
	}

	/// The arguments of the runtime API's `verify`.
	fn call(&self) -> (VkHash, Vec<[u8; 32]>, Vec<u8>) {
		let inputs = self.public_inputs.iter().map(bytes).collect();
		(self.vk_hash(), inputs, self.proof.clone())
	}
}

/// A field element, little-endian.
fn bytes(scalar: &Scalar) -> [u8; 32] {
	let mut bytes = [0; 32];
	let limbs = ark_ff::PrimeField::into_bigint(*scalar).0;
	for (to, limb) in bytes.chunks_exact_mut(8).zip(limbs) {
		to.copy_from_slice(&limb.to_le_bytes());
	}
	bytes
}

/// A model of ours, built and proven.
fn model(name: &str) -> Case {
	let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR"))
		.join("../prover/circuits/fixtures")
		.join(name);
	let read = |file: &str| fs::read(folder.join(file)).expect("the fixture is there");
	let options = BuildOptions {
		name: name.into(),
		calibration: serde_json::from_slice(&read("samples.json")).expect("samples"),
		..BuildOptions::default()
	};
	let bundle = Bundle::build(&read("model.onnx"), &options, &mut |_| {}).expect("builds");
	let samples: Vec<Vec<f64>> = serde_json::from_slice(&read("samples.json")).expect("samples");
	let input = bundle.quantise_input(&samples[0]).expect("in the domain");
	let header = StatementHeader {
		genesis: GenesisHash::default(),
		domain: 0,
		version: STATEMENT_VERSION,
		vk_hash: bundle.vk_hash(),
		model: ModelRef {
			model: ModelId(0),
			version: 1,
		},
		workload: WorkloadId::default(),
		destination: Destination::Local,
	};
	let (key, plan, setup) = (
		bundle.plan_bytes(),
		bundle.plan().clone(),
		bundle.setup().clone(),
	);
	let output = bundle.execute(&input).expect("executes");
	let prover = Prover::new(Arc::new(bundle)).expect("has a proving key");
	let proof = prover.prove(&header, &input).expect("proves");
	let statement = Statement::new(header, &input, &output);
	Case {
		name: name.to_owned(),
		system: ProofSystem::Halo2,
		setup,
		key,
		plan,
		public_inputs: public_inputs(&statement, &input, &output),
		proof: proof.bytes,
	}
}

/// A proof by EZKL.
fn ezkl(name: &str) -> Case {
	let mut fixture = ezkl_fixtures::fixture(name);
	let setup = ezkl_fixtures::setup();
	let plan = plan_from_vka(&fixture.vka, &setup).expect("a valid artifact");
	let proof = fixture.proofs.swap_remove(0);
	Case {
		name: format!("ezkl {name}"),
		system: ProofSystem::Ezkl,
		setup,
		key: fixture.vka,
		plan,
		public_inputs: proof.public_inputs,
		proof: proof.bytes,
	}
}

/// The runtime's wasm and a state.
struct Chain {
	executor: WasmExecutor,
	externalities: sp_io::TestExternalities,
	code: Vec<u8>,
	hash: Vec<u8>,
}

impl Chain {
	/// A development chain, which alone takes our models' setup, on which the setups of these cases
	/// are approved, and someone is rich.
	fn new(cases: &[Case]) -> Self {
		let code = WASM_BINARY.expect("the runtime is built as wasm").to_vec();
		let mut externalities = sp_io::TestExternalities::default();
		externalities.execute_with(|| {
			pallet_proof_verifier::GenesisConfig::<Runtime>::default().build();
			pallet_network_parameters::Development::<Runtime>::put(true);
			Balances::mint_into(&account(), u128::MAX / 4).expect("mints");
			// What a transaction without an end is bound to.
			frame_system::BlockHash::<Runtime>::insert(0, inference_runtime::Hash::default());
			for case in cases {
				let setup = case.setup.to_bytes().to_vec();
				let setup = setup.try_into().expect("128 bytes");
				let approved = ProofVerifier::approve_setup(RawOrigin::Root.into(), setup);
				// Two cases may have one setup.
				let twice = pallet_proof_verifier::Error::<Runtime>::SetupAlreadyApproved;
				assert!(
					approved.is_ok() || approved == Err(twice.into()),
					"{approved:?}"
				);
			}
		});
		externalities.commit_all().expect("commits");
		Self {
			executor: EXECUTOR.clone(),
			externalities,
			hash: sp_io::hashing::blake2_256(&code).to_vec(),
			code,
		}
	}

	/// Registers the keys.
	fn register(&mut self, cases: &[Case]) {
		self.externalities.execute_with(|| {
			for case in cases {
				let by = RawOrigin::Signed(account()).into();
				let key = case.key.clone().try_into().expect("within the limit");
				ProofVerifier::register_key(by, case.system, case.setup.id(), key)
					.expect("a valid key");
			}
		});
		self.externalities.commit_all().expect("commits");
	}

	/// What the runtime charges for verifying a proof, milliseconds of reference time.
	fn weight_ms(&mut self, case: &Case) -> f64 {
		let weight = self.externalities.execute_with(|| {
			<ProofVerifier as inference_primitives::traits::ProofVerifier<AccountId32>>::verify_weight(
				case.vk_hash(),
			)
		});
		// Picoseconds.
		weight.ref_time() as f64 / 1e9
	}

	/// Calls the runtime, and undoes what the call changed: its answer.
	fn execute(&mut self, method: &str, arguments: &[u8]) -> Vec<u8> {
		let fetcher = WrappedRuntimeCode((&self.code).into());
		let code = RuntimeCode {
			code_fetcher: &fetcher,
			heap_pages: None,
			hash: self.hash.clone(),
		};
		let mut ext = self.externalities.ext();
		ext.storage_start_transaction();
		let context = CallContext::Offchain;
		let (result, _) = self
			.executor
			.call(&mut ext, &code, method, arguments, context);
		ext.storage_rollback_transaction()
			.expect("a transaction was started");
		result.expect("the runtime answers")
	}

	/// Calls the runtime API; whether the proofs are valid.
	fn call(&mut self, method: &str, arguments: &[u8]) -> bool {
		let result = self.execute(method, arguments);
		<Result<(), Vec<u8>>>::decode(&mut &result[..])
			.expect("the API's type")
			.is_ok()
	}

	/// Applies a transaction; whether it succeeds.
	fn apply(&mut self, transaction: &UncheckedExtrinsic) {
		let result = self.execute("BlockBuilder_apply_extrinsic", &transaction.encode());
		let result = ApplyExtrinsicResult::decode(&mut &result[..]).expect("the API's type");
		assert_eq!(result, Ok(Ok(())));
	}
}

/// Who registers keys.
fn pair() -> sr25519::Pair {
	sr25519::Pair::from_seed(&[1; 32])
}

fn account() -> AccountId32 {
	pair().public().into()
}

/// The transaction that registers a key, and its weight, milliseconds of reference time: what the
/// call's formula says, without the weight of any transaction.
fn registration(case: &Case) -> (UncheckedExtrinsic, f64) {
	let call: RuntimeCall = pallet_proof_verifier::Call::register_key {
		system: case.system,
		setup: case.setup.id(),
		key: case.key.clone().try_into().expect("within the limit"),
	}
	.into();
	let weight = call.get_dispatch_info().call_weight.ref_time() as f64 / 1e9;
	let metadata = inference_runtime::linked_metadata(16).expect("the runtime has metadata");
	let metadata = Metadata::decode(&metadata).expect("of a version that is known");
	// The chain has no blocks, so no hashes of them.
	let none = inference_runtime::Hash::default();
	let terms = Terms {
		nonce: 0,
		era: Era::immortal(),
		era_start: none,
		genesis: none,
		spec_version: VERSION.spec_version,
		transaction_version: VERSION.transaction_version,
		tip: 0,
	};
	let unsigned = metadata
		.transaction(call.encode(), &terms)
		.expect("the linked runtime's extensions are known");
	let signature = pair().sign(&unsigned.payload());
	let bytes = unsigned
		.signed(account(), signature.into())
		.expect("the linked runtime takes accounts and signatures");
	let transaction =
		UncheckedExtrinsic::decode_all(&mut &bytes[..]).expect("it is in the runtime's encoding");
	(transaction, weight)
}

/// Sorted times of runs, milliseconds.
fn times(runs: usize, mut run: impl FnMut()) -> Vec<f64> {
	let mut times: Vec<f64> = (0..runs)
		.map(|_| {
			let start = Instant::now();
			run();
			start.elapsed().as_secs_f64() * 1e3
		})
		.collect();
	times.sort_unstable_by(f64::total_cmp);
	times
}

/// Compares times with a weight, milliseconds, and prints both.
fn compare(what: &str, weight: f64, run: impl FnMut()) {
	let times = times(RUNS, run);
	let (least, median) = (times[0], times[RUNS / 2]);
	println!(
		"{what}: least {least:.2} ms, median {median:.2} ms, weight {weight:.2} ms ({:.2} of the \
		 median)",
		weight / median
	);
	assert!(
		least <= weight,
		"{what}: {least:.2} ms is more than the weight, {weight:.2} ms"
	);
}

/// What is measured, and under which names.
struct Measurement {
	filter: Option<String>,
}

impl Measurement {
	/// Prints the median of the runs' times and between which half of them lie.
	fn of(&self, what: &str, samples: usize, mut run: impl FnMut()) {
		if self
			.filter
			.as_ref()
			.is_some_and(|part| !what.contains(part))
		{
			return;
		}
		(0..samples / 10).for_each(|_| run());
		let times = times(samples, run);
		let at = |part: usize| times[samples * part / 4];
		println!(
			"{what}: median {:.3} ms, half of {samples} runs between {:.3} and {:.3} ms",
			at(2),
			at(1),
			at(3)
		);
	}
}

/// Times of verifications and registrations in wasm, against their weights.
fn compare_with_weights(cases: &[Case], chain: &mut Chain) {
	for case in cases {
		let arguments = case.call().encode();
		let weight = chain.weight_ms(case);
		compare(&format!("verify {}", case.name), weight, || {
			assert!(chain.call("InferenceApi_verify", &arguments));
		});
	}
	let mut unregistered = Chain::new(cases);
	for case in cases {
		let (transaction, weight) = registration(case);
		let what = format!("register {} ({} B)", case.name, case.key.len());
		compare(&what, weight, || unregistered.apply(&transaction));
	}
}

/// Proofs of our models.
fn ours() -> impl Iterator<Item = Case> {
	MODELS.iter().map(|name| model(name))
}

/// Proofs by EZKL.
fn of_ezkl() -> impl Iterator<Item = Case> {
	EZKL.iter().map(|name| ezkl(name))
}

/// Asserts that the wasm refuses a case's proof with one bit changed.
fn assert_refuses_a_changed_proof(case: &Case, chain: &mut Chain) {
	let mut changed = case.call();
	changed.2[64 * 3] ^= 1;
	assert!(
		!chain.call("InferenceApi_verify", &changed.encode()),
		"{}",
		case.name
	);
}

#[test]
fn the_runtimes_wasm_should_accept_our_proofs_and_ezkls_and_refuse_changed_ones() {
	if WASM_BINARY.is_none() {
		println!("built without a runtime (SKIP_WASM_BUILD): nothing to test");
		return;
	}
	// The fullest program beside them: its key is cheap to make.
	let (name, sizes) = WIDE[2];
	let cases: Vec<Case> = ours()
		.take(1)
		.chain(of_ezkl())
		.chain([wide(name, sizes)])
		.collect();
	let mut chain = Chain::new(&cases);
	// A transaction registers a key; undone.
	chain.apply(&registration(&cases[0]).0);
	chain.register(&cases);
	for case in &cases {
		assert!(
			chain.call("InferenceApi_verify", &case.call().encode()),
			"{}",
			case.name
		);
		assert_refuses_a_changed_proof(case, &mut chain);
	}
	for case in &cases[..2] {
		let mut batch = vec![case.call(); 3];
		assert!(chain.call("InferenceApi_verify_batch", &batch.encode()));
		batch[1].2[64 * 3] ^= 1;
		assert!(!chain.call("InferenceApi_verify_batch", &batch.encode()));
	}
}

#[test]
#[ignore = "measures: on an idle machine, by scripts/bench-verification"]
fn verification_should_take_less_than_its_weight() {
	let measurement = Measurement {
		filter: std::env::var(FILTER).ok(),
	};
	let cases: Vec<Case> = ours()
		.chain(of_ezkl())
		.chain(WIDE.iter().map(|(name, sizes)| wide(name, *sizes)))
		.collect();
	let mut chain = Chain::new(&cases);
	chain.register(&cases);
	for case in &cases {
		let work = case.plan.work();
		println!(
			"{}: k {}, key {} B, plan {} B, proof {} B, {} public inputs, {} commitments in the \
			 proof, {} in the key, {} evaluations, {} operations, {} products",
			case.name,
			case.plan.k(),
			case.key.len(),
			case.plan.to_bytes().len(),
			case.proof.len(),
			work.public_inputs,
			work.proof_points,
			work.msm_points - work.proof_points,
			work.evaluations,
			work.operations,
			work.products,
		);
		assert_refuses_a_changed_proof(case, &mut chain);
	}
	if measurement.filter.is_none() {
		compare_with_weights(&cases, &mut chain);
	}
	for case in &cases {
		measurement.of(&format!("native/{}", case.name), SAMPLES, || {
			let result = verify(&case.plan, &case.setup, &case.public_inputs, &case.proof);
			assert_eq!(result, Ok(()));
		});
	}
	for case in &cases {
		let arguments = case.call().encode();
		measurement.of(&format!("wasm/{}", case.name), SAMPLES, || {
			assert!(chain.call("InferenceApi_verify", &arguments));
		});
	}
	for case in [&cases[0], &cases[2], &cases[4]] {
		let item = BatchItem {
			plan: &case.plan,
			public_inputs: &case.public_inputs,
			proof: &case.proof,
		};
		let items = vec![item; BATCH];
		let name = format!("{} {BATCH}", case.name);
		measurement.of(&format!("batch/native/{name}"), BATCH_SAMPLES, || {
			assert_eq!(verify_all(&case.setup, &items), Ok(()));
		});
		let arguments = vec![case.call(); BATCH].encode();
		measurement.of(&format!("batch/wasm/{name}"), BATCH_SAMPLES, || {
			assert!(chain.call("InferenceApi_verify_batch", &arguments));
		});
	}
}
