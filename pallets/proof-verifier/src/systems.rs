//! Proof systems: one trait, and a type for each.
//!
//! All of them end in an `inference_verifier::Plan`, which one verifier interprets; what differs is
//! how a key is written down, what the plan must be, and what a proof is bound to.

use crate::{Config, Error, PlanFault, EZKL_VERSION, HALO2_VERSION};
use inference_primitives::ProofSystem;
use inference_verifier::{ezkl::plan_from_vka, Plan, PlanVersion, Setup, TranscriptKind};

/// A proof system.
trait System {
	/// Its version when a chain starts.
	const VERSION: u16;
	/// Whether a proof's public inputs start with the hash of a statement, so that it belongs to
	/// one workload. Models need that.
	const BINDS_STATEMENTS: bool;

	/// Decodes and validates a submitted key.
	fn plan<T: Config>(key: &[u8], setup: &Setup) -> Result<Plan, Error<T>>;
}

/// Our circuits, and any other of `halo2-axiom`: the key is the canonical plan.
struct Halo2;

impl System for Halo2 {
	const VERSION: u16 = HALO2_VERSION;
	const BINDS_STATEMENTS: bool = true;

	fn plan<T: Config>(key: &[u8], _: &Setup) -> Result<Plan, Error<T>> {
		let plan = Plan::decode_canonical(key)?;
		// Keys that are here stay valid in their own version; an old one could never be dropped if new
		// keys came in it.
		if plan.version() != PlanVersion::NEWEST {
			return Err(Error::InvalidPlan(PlanFault::Version));
		}
		match plan.transcript() {
			TranscriptKind::Blake2b => Ok(plan),
			TranscriptKind::KeccakEvm => Err(Error::InvalidPlan(PlanFault::Transcript)),
		}
	}
}

/// Circuits of EZKL 23: the key is the artifact of `ezkl create-evm-vka`.
struct Ezkl;

impl System for Ezkl {
	const VERSION: u16 = EZKL_VERSION;
	const BINDS_STATEMENTS: bool = false;

	fn plan<T: Config>(key: &[u8], setup: &Setup) -> Result<Plan, Error<T>> {
		Ok(plan_from_vka(key, setup)?)
	}
}

/// All proof systems with which a chain starts, and their versions.
pub(crate) const GENESIS_SYSTEMS: [(ProofSystem, u16); 2] = [
	(ProofSystem::Halo2, Halo2::VERSION),
	(ProofSystem::Ezkl, Ezkl::VERSION),
];

/// Decodes and validates a key of a proof system.
pub(crate) fn plan<T: Config>(
	system: ProofSystem,
	key: &[u8],
	setup: &Setup,
) -> Result<Plan, Error<T>> {
	match system {
		ProofSystem::Halo2 => Halo2::plan(key, setup),
		ProofSystem::Ezkl => Ezkl::plan(key, setup),
	}
}

/// Whether a proof system's proofs are bound to statements.
pub(crate) fn binds_statements(system: ProofSystem) -> bool {
	match system {
		ProofSystem::Halo2 => Halo2::BINDS_STATEMENTS,
		ProofSystem::Ezkl => Ezkl::BINDS_STATEMENTS,
	}
}
