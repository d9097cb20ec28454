//! Progress of long work: which stage, and how much of it is done.

use std::{
	fmt,
	sync::atomic::{AtomicUsize, Ordering},
};

/// A part of making keys or a proof.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Stage {
	/// Making the setup's points.
	Setup,
	/// Checking a setup's file.
	ReadSetup,
	/// Making the Lagrange basis of a setup's powers.
	LagrangeBasis,
	/// Making multiples of the setup's points, with which commitments are faster.
	Tables,
	/// Reading the columns of a proving key.
	ReadKey,
	/// Committing to the circuit's columns: the verifying key.
	CommitCircuit,
	/// Comparing the circuit's columns with a verifying key.
	CheckCircuit,
	/// Interpolating the circuit's columns.
	InterpolateCircuit,
	/// Committing to the witness.
	CommitWitness,
	/// Committing to what lookups and permutation need.
	CommitArguments,
	/// Evaluating the constraints, on one coset after the other.
	Quotient,
	/// Committing to the quotient.
	CommitQuotient,
	/// Opening all polynomials.
	Open,
}

impl Stage {
	/// What it does, and what its steps are.
	fn description(self) -> &'static str {
		match self {
			Self::Setup => "making the setup's points, basis",
			Self::ReadSetup => "checking the setup's file, portion",
			Self::LagrangeBasis => "making the Lagrange basis of the setup's powers, portion",
			Self::Tables => "making multiples of the setup's points, basis",
			Self::ReadKey => "reading the proving key, column",
			Self::CommitCircuit => "committing to the circuit, column",
			Self::CheckCircuit => "comparing the circuit with its verifying key, column",
			Self::InterpolateCircuit => "interpolating the circuit, column",
			Self::CommitWitness => "committing to the witness, column",
			Self::CommitArguments => "committing to lookups and permutation, column",
			Self::Quotient => "quotient, coset",
			Self::CommitQuotient => "committing to the quotient, part",
			Self::Open => "opening, point",
		}
	}
}

/// How far a stage is.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Step {
	/// The stage.
	pub stage: Stage,
	/// Steps that are done, of `total`.
	pub done: usize,
	/// Steps that the stage has.
	pub total: usize,
}

impl fmt::Display for Step {
	fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
		write!(
			f,
			"{} {} of {}",
			self.stage.description(),
			self.done,
			self.total
		)
	}
}

/// Who wants to know about progress, if anyone does. Each stage is announced with no steps done,
/// then after each step; by whichever thread did it, so steps may be announced out of order.
#[derive(Clone, Copy, Default)]
pub struct Progress<'a>(Option<&'a (dyn Fn(Step) + Sync)>);

impl fmt::Debug for Progress<'_> {
	fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
		f.debug_tuple("Progress").field(&self.0.is_some()).finish()
	}
}

impl<'a> Progress<'a> {
	/// Nobody.
	pub const NONE: Self = Self(None);

	/// Calls `announce` for each step. It should return quickly. It may unwind (`std::panic::resume_unwind`) to end
	/// the work, which then leaves nothing half done behind: steps are made on threads that pass a panic on.
	pub fn new(announce: &'a (dyn Fn(Step) + Sync)) -> Self {
		Self(Some(announce))
	}

	/// Begins a stage of `total` steps.
	pub(crate) fn stage(self, stage: Stage, total: usize) -> Counter<'a> {
		let counter = Counter {
			progress: self,
			stage,
			total,
			done: AtomicUsize::new(0),
		};
		counter.announce(0);
		counter
	}
}

/// Counts a stage's steps.
pub(crate) struct Counter<'a> {
	progress: Progress<'a>,
	stage: Stage,
	total: usize,
	done: AtomicUsize,
}

impl Counter<'_> {
	/// A step is done.
	pub(crate) fn advance(&self) {
		if self.progress.0.is_some() {
			self.announce(self.done.fetch_add(1, Ordering::Relaxed) + 1);
		}
	}

	fn announce(&self, done: usize) {
		if let Some(announce) = self.progress.0 {
			announce(Step {
				stage: self.stage,
				done,
				total: self.total,
			});
		}
	}
}
