//! Verifying and proving keys of models.

use crate::{
	circuit::{
		config::Config,
		error::TraceError,
		trace::{Cell, Trace},
	},
	graph::{Graph, GraphError},
	layout::{Claim, Layout},
};
use codec::Encode;
use halo2_proofs::{
	halo2curves::{bn256::Fr, ff::PrimeField},
	plonk::ConstraintSystem,
};
use inference_plonk::{
	Cell as PermutationCell, Circuit, Column, CommitmentKey, CompactKey, KeyError, Progress,
	ProvingKey, SetupFileError,
};
use inference_primitives::{Hash, SetupId};
use inference_verifier::{
	halo2::{from_halo2, parts_from_constraint_system, FrontEndError},
	plan::{ColumnKind, Parts},
	Plan, Scalar,
};
use std::num::NonZeroU8;

/// Keys that cannot be made.
#[derive(Debug, thiserror::Error)]
pub enum KeysError {
	/// The constraint system has no plan that the chain would accept.
	#[error("the constraint system has no plan: {0}")]
	Plan(#[from] FrontEndError),
	/// The layout makes a coefficient that 128 bits do not hold. [`crate::layout::check`] refuses it.
	#[error("the layout makes a coefficient too large")]
	Overflow,
	/// Its tensors are not valid.
	#[error(transparent)]
	Tensors(#[from] GraphError),
	/// The setup's file has no such points.
	#[error("the trusted setup's file: {0}")]
	SetupFile(#[from] SetupFileError),
	/// Nobody said where the setup's points are.
	#[error("keys and proofs need the points of the trusted setup {setup}: give its file (--setup FILE)")]
	NoPowers {
		/// The setup.
		setup: SetupId,
	},
	/// Something is missing in the model's rows.
	#[error("the model has no rows: {0}. This is a fault of the program, please report it")]
	Trace(#[from] TraceError),
	/// The prover refuses the circuit.
	#[error("the circuit's keys cannot be made: {0}")]
	Key(#[from] KeyError),
}

/// The commitment key of the insecure development setup for circuits of 2^`k` rows.
///
/// Takes about 2^`k` · 20 µs of one core.
pub fn commitment_key(k: u8) -> Result<CommitmentKey, KeysError> {
	Ok(CommitmentKey::insecure_development(k, Progress::NONE)?)
}

/// Makes the verifying key of a model that `layout` fits, as the plan that the chain registers.
pub fn plan(
	graph: &Graph,
	layout: &Layout,
	commitments: &CommitmentKey,
) -> Result<Plan, KeysError> {
	let key = compact_key(graph, layout, commitments, Progress::NONE)?;
	Ok(key.plan().clone())
}

/// Makes the verifying key of a model that `layout` fits, and what its proving key is made from.
pub fn compact_key(
	graph: &Graph,
	layout: &Layout,
	commitments: &CommitmentKey,
	progress: Progress<'_>,
) -> Result<CompactKey, KeysError> {
	Ok(CompactKey::new(
		commitments,
		circuit(graph, layout)?,
		progress,
	)?)
}

/// Makes the keys of a model that `layout` fits.
pub fn proving_key(
	graph: &Graph,
	layout: &Layout,
	commitments: &CommitmentKey,
) -> Result<ProvingKey, KeysError> {
	Ok(ProvingKey::new(commitments, circuit(graph, layout)?)?)
}

/// Makes what [`compact_key`] makes, if `plan`, which somebody else made, is its verifying key.
pub fn checked_key(
	graph: &Graph,
	layout: &Layout,
	plan: &Plan,
	commitments: &CommitmentKey,
	progress: Progress<'_>,
) -> Result<CompactKey, KeysError> {
	Ok(CompactKey::checked(
		commitments,
		circuit(graph, layout)?,
		plan.clone(),
		&mut rand::rngs::OsRng,
		progress,
	)?)
}

/// What the verifying key of a model that `layout` fits states, but for its commitments: they are the
/// identity. Takes no longer than configuring the gates and hashing the graph.
pub fn parts(graph: &Graph, layout: &Layout) -> Result<Parts, KeysError> {
	Ok(configured(graph, layout)?.0)
}

/// The constraint system, and its columns.
fn configured(graph: &Graph, layout: &Layout) -> Result<(Parts, Config), KeysError> {
	let mut cs = ConstraintSystem::default();
	let config = Config::configure(&mut cs, &layout.columns);
	// The layout has been checked: there are at most MAX_PUBLIC_INPUTS.
	let public_inputs = layout.claim.public_inputs(graph);
	let public_inputs = u32::try_from(public_inputs).unwrap_or(u32::MAX);
	// A lookup sum has room for as many limbs as the degree leaves: the argument's own is 3.
	let inputs = NonZeroU8::new(layout.columns.degree.saturating_sub(3)).unwrap_or(NonZeroU8::MIN);
	let mut parts = parts_from_constraint_system(&cs, layout.k, &[public_inputs], Some(inputs))?;
	// A higher degree than the constraints' own gives longer permutation products, fewer of them.
	parts.degree = parts.degree.max(layout.columns.degree);
	parts.transcript_repr = binding(graph, &layout.claim)?;
	Ok((parts, config))
}

/// Hash of the circuit that claims `claim` of `graph`: what the chain knows it by.
pub fn circuit_hash(graph: &Graph, claim: &Claim) -> Hash {
	let bytes = graph.parts().encode();
	inference_primitives::circuit_hash(&bytes, claim.inferences, claim.hidden_input)
}

/// What its key holds of tensors and circuit.
fn binding(graph: &Graph, claim: &Claim) -> Result<Scalar, KeysError> {
	let (input, output) = (claim.input(graph)?, claim.output(graph)?);
	let circuit = circuit_hash(graph, claim);
	let bytes = inference_primitives::binding(&input, &output, &circuit);
	// Below 2^248, hence always canonical.
	let scalar: Option<Fr> = Fr::from_repr(bytes).into();
	Ok(from_halo2(scalar.unwrap_or_default()))
}

/// The circuit of a model that `layout` fits: its constraint system, fixed columns and copies.
pub fn circuit(graph: &Graph, layout: &Layout) -> Result<Circuit, KeysError> {
	let (parts, config) = configured(graph, layout)?;
	let trace = Trace::shape(graph, layout)?;
	if trace.overflows() {
		return Err(KeysError::Overflow);
	}
	let copies = trace
		.copies()
		.iter()
		.map(|(a, b)| (place(&parts, &config, a), place(&parts, &config, b)))
		.collect();
	Ok(Circuit {
		parts,
		fixed: trace
			.fixed()
			.into_iter()
			.map(|column| Column::from_scalars(&column))
			.collect(),
		copies,
	})
}

/// Where the permutation has a cell. A cell that it does not have is refused later.
fn place(parts: &Parts, config: &Config, cell: &Cell) -> PermutationCell {
	let (column, row) = config.place(cell);
	let index = column.map(|column| column.index());
	let kind = match cell {
		Cell::Instance { .. } => ColumnKind::Instance,
		_ => ColumnKind::Advice,
	};
	let columns = &mut parts.permutation.iter();
	let column = columns.position(|c| c.kind == kind && Some(usize::from(c.index)) == index);
	PermutationCell {
		column: column.unwrap_or(usize::MAX),
		row,
	}
}
