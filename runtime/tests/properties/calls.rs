//! How each call is built: the only place to change when a call's arguments do.

use super::{
	super::*,
	prover::{input_spec, output_spec, CIRCUIT},
};
use inference_primitives::{
	node::{Limits, WorkerConsent},
	ComputeUnits, Destination, GenesisHash, Mode, ModelId, ModelRef, NodeId, PriceMultiplier,
	ProofSystem, ProtocolParameters, TensorSpec, Ticks, VkHash, WorkloadId,
};
use inference_verifier::Setup;
use pallet_proof_verifier::{ProofItem, Subject};
use sp_core::Pair;
use sp_keyring::Sr25519Keyring;

type Market = pallet_inference_market::Call<Runtime>;
type Pool = pallet_node_pool::Call<Runtime>;
type Registry = pallet_model_registry::Call<Runtime>;
type Stake = pallet_worker_staking::Call<Runtime>;
type Verifier = pallet_proof_verifier::Call<Runtime>;
type Parameters = pallet_network_parameters::Call<Runtime>;
type Validating = pallet_staking::Call<Runtime>;

fn tensor(values: Vec<i64>) -> pallet_inference_market::Tensor {
	values.try_into().expect("a short tensor")
}

/// What a user orders.
#[derive(Clone, Debug)]
pub struct Order {
	pub model: ModelRef,
	pub input: Vec<i64>,
	pub mode: Mode,
	pub max_price: Balance,
	pub deadline: u32,
	pub value_at_risk: Balance,
}

pub fn submit(order: Order) -> RuntimeCall {
	Market::submit_workload {
		model: order.model,
		input: tensor(order.input),
		destination: Destination::Local,
		mode: order.mode,
		max_price: order.max_price,
		deadline: Ticks(order.deadline),
		value_at_risk: order.value_at_risk,
	}
	.into()
}

pub fn cancel(workload: WorkloadId) -> RuntimeCall {
	Market::cancel { workload }.into()
}

pub fn deliver(workload: WorkloadId, output: Vec<i64>) -> RuntimeCall {
	let output = tensor(output);
	Market::deliver { workload, output }.into()
}

pub fn prove(workload: WorkloadId, output: Option<Vec<i64>>, proof: Vec<u8>) -> RuntimeCall {
	Market::prove {
		workload,
		output: output.map(tensor),
		proof: proof.try_into().expect("a short proof"),
		// What the worker asks the runtime API for.
		verify_limit: crate::InferenceMarket::verify_weight(workload).unwrap_or_default(),
	}
	.into()
}

pub fn relay(workload: WorkloadId, proof: Vec<u8>) -> RuntimeCall {
	let proof = proof.try_into().expect("a short proof");
	Market::relay_proof { workload, proof }.into()
}

pub fn expire(workload: WorkloadId) -> RuntimeCall {
	Market::expire { workload }.into()
}

pub fn decline(workload: WorkloadId) -> RuntimeCall {
	Market::decline { workload }.into()
}

pub fn claim(account: AccountId) -> RuntimeCall {
	Market::claim { account }.into()
}

pub fn prune(workload: WorkloadId) -> RuntimeCall {
	Market::prune { workload }.into()
}

pub fn forgive() -> RuntimeCall {
	Market::forgive_delayed_slashes {}.into()
}

pub fn bond(amount: Balance) -> RuntimeCall {
	Stake::bond { amount }.into()
}

pub fn unbond(amount: Balance) -> RuntimeCall {
	Stake::unbond { amount }.into()
}

pub fn withdraw() -> RuntimeCall {
	Stake::withdraw {}.into()
}

/// What a worker key signs to be this operator's.
pub fn consent(worker: Sr25519Keyring, operator: &AccountId) -> Signature {
	let message = WorkerConsent {
		genesis: GenesisHash(System::block_hash(0).to_fixed_bytes()),
		operator,
		used: pallet_node_pool::UsedConsents::<crate::Runtime>::get(operator),
	}
	.message();
	MultiSignature::Sr25519(crate::chain::pair(worker).sign(&message))
}

pub fn register_node(worker: AccountId, capacity: u64, consent: Signature) -> RuntimeCall {
	let capacity = ComputeUnits(capacity);
	Pool::register_node {
		worker,
		capacity,
		consent,
	}
	.into()
}

pub fn set_worker(node: NodeId, worker: AccountId, consent: Signature) -> RuntimeCall {
	Pool::set_worker {
		node,
		worker,
		consent,
	}
	.into()
}

pub fn set_capacity(node: NodeId, capacity: u64) -> RuntimeCall {
	let capacity = ComputeUnits(capacity);
	Pool::set_capacity { node, capacity }.into()
}

pub fn join(node: NodeId, model: ModelRef) -> RuntimeCall {
	Pool::join_model { node, model }.into()
}

pub fn leave(node: NodeId, model: ModelRef) -> RuntimeCall {
	Pool::leave_model { node, model }.into()
}

/// So many hundredths of the base price, in range or not.
pub fn multiplier(hundredths: u16) -> PriceMultiplier {
	codec::Decode::decode(&mut &codec::Encode::encode(&hundredths)[..]).expect("any number decodes")
}

pub fn set_limits(node: NodeId, model: ModelRef, limits: Option<Limits>) -> RuntimeCall {
	Pool::set_limits {
		node,
		model,
		limits,
	}
	.into()
}

pub fn deregister(node: NodeId) -> RuntimeCall {
	Pool::deregister_node { node }.into()
}

pub fn pause(node: NodeId) -> RuntimeCall {
	Pool::pause { node }.into()
}

pub fn resume(node: NodeId) -> RuntimeCall {
	Pool::resume { node }.into()
}

/// What a creator registers.
#[derive(Clone, Debug)]
pub struct Registration {
	pub key: Vec<u8>,
	pub input: TensorSpec,
	pub royalty: Balance,
	pub max_fee: Balance,
}

impl Registration {
	/// A model of this key.
	pub fn of(key: Vec<u8>, royalty: Balance) -> Self {
		Self {
			key,
			input: input_spec(),
			royalty,
			max_fee: Balance::MAX,
		}
	}
}

pub fn register_model(registration: Registration) -> RuntimeCall {
	Registry::register_model {
		name: b"y = w x".to_vec().try_into().expect("a short name"),
		system: ProofSystem::Halo2,
		setup: Setup::insecure_development().id(),
		key: registration.key.try_into().expect("a small key"),
		input: registration.input,
		output: output_spec(),
		royalty: registration.royalty,
		bundle_hash: [1; 32],
		max_fee: registration.max_fee,
		circuit_hash: CIRCUIT,
	}
	.into()
}

pub fn register_version(model: ModelId, registration: Registration) -> RuntimeCall {
	Registry::register_version {
		model,
		name: b"y = w x".to_vec().try_into().expect("a short name"),
		system: ProofSystem::Halo2,
		setup: Setup::insecure_development().id(),
		key: registration.key.try_into().expect("a small key"),
		input: registration.input,
		output: output_spec(),
		royalty: registration.royalty,
		bundle_hash: [2; 32],
		max_fee: registration.max_fee,
		circuit_hash: CIRCUIT,
	}
	.into()
}

pub fn activate(model: ModelRef) -> RuntimeCall {
	Registry::activate { model }.into()
}

pub fn deprecate(model: ModelRef) -> RuntimeCall {
	Registry::deprecate { model }.into()
}

pub fn retire(model: ModelRef) -> RuntimeCall {
	Registry::retire { model }.into()
}

pub fn remove(model: ModelRef) -> RuntimeCall {
	Registry::remove { model }.into()
}

pub fn register_key(key: Vec<u8>) -> RuntimeCall {
	Verifier::register_key {
		system: ProofSystem::Halo2,
		setup: Setup::insecure_development().id(),
		key: key.try_into().expect("a small key"),
	}
	.into()
}

pub fn release_key(vk_hash: VkHash) -> RuntimeCall {
	Verifier::release_key { vk_hash }.into()
}

pub fn verify_proof(vk_hash: VkHash, public_inputs: Vec<[u8; 32]>, proof: Vec<u8>) -> RuntimeCall {
	Verifier::verify_proof {
		vk_hash,
		public_inputs: public_inputs.try_into().expect("few public inputs"),
		proof: proof.try_into().expect("a short proof"),
	}
	.into()
}

pub fn verify_proofs(items: Vec<(VkHash, Vec<[u8; 32]>, Vec<u8>)>) -> RuntimeCall {
	let items: Vec<ProofItem> = items
		.into_iter()
		.map(|(vk_hash, public_inputs, proof)| ProofItem {
			vk_hash,
			public_inputs: public_inputs.try_into().expect("few public inputs"),
			proof: proof.try_into().expect("a short proof"),
		})
		.collect();
	let proofs = items.try_into().expect("a small batch");
	Verifier::verify_proofs { proofs }.into()
}

pub fn disable(subject: Subject) -> RuntimeCall {
	Verifier::disable { subject }.into()
}

pub fn set_end_of_life(
	subject: Subject,
	end_of_life: Option<inference_primitives::Tick>,
) -> RuntimeCall {
	Verifier::set_end_of_life {
		subject,
		end_of_life,
	}
	.into()
}

pub fn approve_setup(bytes: Vec<u8>) -> RuntimeCall {
	let setup = bytes.try_into().expect("a setup's bytes");
	Verifier::approve_setup { setup }.into()
}

pub fn revoke_setup(setup: inference_primitives::SetupId) -> RuntimeCall {
	Verifier::revoke_setup { setup }.into()
}

pub fn set_parameters(parameters: ProtocolParameters) -> RuntimeCall {
	Parameters::set_parameters { parameters }.into()
}

pub fn set_serving(serving: bool) -> RuntimeCall {
	Parameters::set_serving { serving }.into()
}

pub fn report_finality(finalised: BlockNumber) -> RuntimeCall {
	Parameters::report_finality { finalised }.into()
}

pub fn transfer(dest: AccountId, value: Balance, keep_alive: bool) -> RuntimeCall {
	let dest = MultiAddress::Id(dest);
	if keep_alive {
		BalancesCall::<Runtime>::transfer_keep_alive { dest, value }.into()
	} else {
		BalancesCall::<Runtime>::transfer_allow_death { dest, value }.into()
	}
}

pub fn transfer_all(dest: AccountId) -> RuntimeCall {
	BalancesCall::<Runtime>::transfer_all {
		dest: MultiAddress::Id(dest),
		keep_alive: false,
	}
	.into()
}

pub fn burn(value: Balance) -> RuntimeCall {
	BalancesCall::<Runtime>::burn {
		value,
		keep_alive: false,
	}
	.into()
}

pub fn remark(bytes: usize) -> RuntimeCall {
	SystemCall::<Runtime>::remark_with_event {
		remark: vec![7; bytes],
	}
	.into()
}

pub fn purge_keys() -> RuntimeCall {
	pallet_session::Call::<Runtime>::purge_keys {}.into()
}

/// What a validator or a nominator does with its stake.
#[derive(Clone, Debug)]
pub enum Validation {
	Bond(Balance),
	BondExtra(Balance),
	Rebond(Balance),
	Unbond(Balance),
	Withdraw(u32),
	Validate,
	Nominate(Vec<AccountId>),
	Chill,
	Payout(AccountId, u32),
}

pub fn validation(what: Validation) -> RuntimeCall {
	match what {
		Validation::Bond(value) => Validating::bond {
			value,
			payee: pallet_staking::RewardDestination::Staked,
		},
		Validation::BondExtra(max_additional) => Validating::bond_extra { max_additional },
		Validation::Rebond(value) => Validating::rebond { value },
		Validation::Unbond(value) => Validating::unbond { value },
		Validation::Withdraw(num_slashing_spans) => {
			Validating::withdraw_unbonded { num_slashing_spans }
		},
		Validation::Validate => Validating::validate {
			prefs: Default::default(),
		},
		Validation::Nominate(targets) => Validating::nominate {
			targets: targets.into_iter().map(Into::into).collect(),
		},
		Validation::Chill => Validating::chill {},
		Validation::Payout(validator_stash, era) => Validating::payout_stakers {
			validator_stash,
			era,
		},
	}
	.into()
}

pub fn sudo(call: RuntimeCall) -> RuntimeCall {
	pallet_sudo::Call::<Runtime>::sudo {
		call: Box::new(call),
	}
	.into()
}

/// Calls of `pallet-utility` that hold others.
#[derive(Clone, Copy, Debug)]
pub enum Nest {
	Batch,
	BatchAll,
	ForceBatch,
	AsDerivative(u16),
	IfElse,
}

pub fn nest(kind: Nest, mut calls: Vec<RuntimeCall>) -> RuntimeCall {
	type Utility = pallet_utility::Call<Runtime>;
	match kind {
		Nest::Batch => Utility::batch { calls },
		Nest::BatchAll => Utility::batch_all { calls },
		Nest::ForceBatch => Utility::force_batch { calls },
		Nest::AsDerivative(index) => Utility::as_derivative {
			index,
			call: Box::new(calls.pop().unwrap_or_else(|| remark(0))),
		},
		Nest::IfElse => Utility::if_else {
			main: Box::new(calls.pop().unwrap_or_else(|| remark(0))),
			fallback: Box::new(calls.pop().unwrap_or_else(|| remark(0))),
		},
	}
	.into()
}
