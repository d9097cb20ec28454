//! Circuits of different shapes, and proofs of them made by halo2's own prover.

pub mod instances;

use halo2_proofs::{
	arithmetic::Field,
	circuit::{Layouter, SimpleFloorPlanner, Value},
	plonk::{
		create_proof, keygen_pk, keygen_vk, verify_proof, Advice, Challenge, Circuit, Column,
		ConstraintSystem, Error, Expression, FirstPhase, Fixed, Instance, ProvingKey, SecondPhase,
		Selector, TableColumn, VerifyingKey,
	},
	poly::{
		kzg::{
			commitment::{KZGCommitmentScheme, ParamsKZG},
			multiopen::{ProverSHPLONK, VerifierSHPLONK},
			strategy::SingleStrategy,
		},
		Rotation,
	},
};
use halo2curves::{
	bn256::{Bn256, Fr, G1Affine},
	ff::PrimeField,
};
use inference_verifier::{
	halo2::{development_params, from_halo2, plan_from_vk, transcript_reader, transcript_writer},
	plan::AccumulatorLayout,
	transcript::Transcript,
	Plan, Scalar, Setup,
};
use rand_chacha::{rand_core::SeedableRng, ChaCha20Rng};

/// A circuit's keys and one proof.
pub struct Fixture {
	pub name: &'static str,
	pub params: ParamsKZG<Bn256>,
	pub vk: VerifyingKey<G1Affine>,
	pub plan: Plan,
	pub setup: Setup,
	/// All instance columns, one after the other.
	pub instance: Vec<Fr>,
	/// Values in each instance column.
	pub columns: Vec<usize>,
	pub public_inputs: Vec<Scalar>,
	pub proof: Vec<u8>,
}

impl Fixture {
	/// Makes keys and a proof; the blinding comes from a fixed seed.
	pub fn new<C: Circuit<Fr>>(name: &'static str, k: u32, circuit: C, instance: Vec<Fr>) -> Self {
		Self::with_instances(name, k, circuit, &[instance], None)
	}

	/// As [`Self::new`], with any number of instance columns, which may hold an accumulator.
	pub fn with_instances<C: Circuit<Fr>>(
		name: &'static str,
		k: u32,
		circuit: C,
		instances: &[Vec<Fr>],
		accumulator: Option<AccumulatorLayout>,
	) -> Self {
		let params = development_params(k);
		let vk = keygen_vk(&params, &circuit).expect("the circuit has a verifying key");
		let pk = keygen_pk(&params, vk.clone(), &circuit).expect("the circuit has a proving key");
		let columns: Vec<usize> = instances.iter().map(Vec::len).collect();
		let sizes: Vec<u32> = columns.iter().map(|values| *values as u32).collect();
		let plan = plan_from_vk(&vk, &sizes, accumulator).expect("the key has a plan");
		let proof = prove_instances(&params, &pk, &plan, circuit, instances);
		let instance = instances.concat();
		Self {
			name,
			params,
			vk,
			plan,
			setup: Setup::insecure_development(),
			public_inputs: instance.iter().copied().map(from_halo2).collect(),
			instance,
			columns,
			proof,
		}
	}

	/// What halo2's own verifier says of a proof in our transcript.
	pub fn halo2_accepts(&self, instance: &[Fr], proof: &[u8]) -> bool {
		let mut transcript = transcript_reader(&self.plan, proof);
		let mut rest = instance;
		let mut columns = Vec::new();
		for values in &self.columns {
			let (column, tail) = rest.split_at(*values);
			columns.push(column);
			rest = tail;
		}
		let strategy = SingleStrategy::new(&self.params);
		let verified =
			verify_proof::<KZGCommitmentScheme<Bn256>, VerifierSHPLONK<'_, Bn256>, _, _, _>(
				&self.params,
				&self.vk,
				strategy,
				&[&columns],
				&mut transcript,
			);
		verified.is_ok() && transcript.remaining() == 0
	}
}

/// Proves with halo2's prover and our transcript.
pub fn prove<C: Circuit<Fr>>(
	params: &ParamsKZG<Bn256>,
	pk: &ProvingKey<G1Affine>,
	plan: &Plan,
	circuit: C,
	instance: &[Fr],
) -> Vec<u8> {
	prove_instances(params, pk, plan, circuit, &[instance.to_vec()])
}

/// As [`prove`], with any number of instance columns.
pub fn prove_instances<C: Circuit<Fr>>(
	params: &ParamsKZG<Bn256>,
	pk: &ProvingKey<G1Affine>,
	plan: &Plan,
	circuit: C,
	instances: &[Vec<Fr>],
) -> Vec<u8> {
	let columns: Vec<&[Fr]> = instances.iter().map(Vec::as_slice).collect();
	let mut transcript = transcript_writer(plan);
	create_proof::<KZGCommitmentScheme<Bn256>, ProverSHPLONK<'_, Bn256>, _, _, _, _>(
		params,
		pk,
		&[circuit],
		&[&columns],
		ChaCha20Rng::seed_from_u64(7),
		&mut transcript,
	)
	.expect("the witness satisfies the circuit");
	transcript.finalize()
}

/// Every fixture.
pub fn all() -> Vec<Fixture> {
	vec![
		minimal(),
		lookups(),
		chunks(),
		phases(),
		rotations(),
		small_domain(),
		mixed(8),
	]
}

fn fr(value: u64) -> Fr {
	Fr::from(value)
}

// --- no lookup, no permutation: an advice column equals the instance column ---

#[derive(Clone)]
pub struct Minimal(pub Vec<Fr>);

impl Circuit<Fr> for Minimal {
	type Config = (Column<Advice>, Column<Instance>, Selector);
	type FloorPlanner = SimpleFloorPlanner;
	type Params = ();

	fn without_witnesses(&self) -> Self {
		self.clone()
	}

	fn configure(meta: &mut ConstraintSystem<Fr>) -> Self::Config {
		let (a, i, q) = (
			meta.advice_column(),
			meta.instance_column(),
			meta.selector(),
		);
		meta.create_gate("equal", |meta| {
			let q = meta.query_selector(q);
			let a = meta.query_advice(a, Rotation::cur());
			let i = meta.query_instance(i, Rotation::cur());
			vec![q * (a - i)]
		});
		(a, i, q)
	}

	fn synthesize(&self, (a, _, q): Self::Config, mut l: impl Layouter<Fr>) -> Result<(), Error> {
		l.assign_region(
			|| "values",
			|mut region| {
				for (row, value) in self.0.iter().enumerate() {
					q.enable(&mut region, row)?;
					region.assign_advice(a, row, Value::known(*value));
				}
				Ok(())
			},
		)
	}
}

/// Of a proof of a [`Minimal`] circuit, the challenge u: drawn before the last point of the proof is
/// sent, so that whoever makes a proof can choose that point by it.
pub fn minimal_opening_challenge(fixture: &Fixture) -> Scalar {
	let mut transcript = Transcript::new(fixture.plan.digest());
	let scalar = |value: &Fr| value.to_repr();
	transcript.absorb_scalar(&scalar(&fixture.vk.transcript_repr()));
	for value in &fixture.instance {
		transcript.absorb_scalar(&scalar(value));
	}
	let mut rest = fixture.proof.as_slice();
	let mut points = |transcript: &mut Transcript, count: usize| {
		for _ in 0..count {
			let (point, tail) = rest.split_first_chunk::<64>().unwrap();
			transcript.absorb_point(point);
			rest = tail;
		}
	};
	// The advice column; θ, β, γ; the random polynomial; y; the quotient; x.
	points(&mut transcript, 1);
	for _ in 0..3 {
		transcript.challenge();
	}
	points(&mut transcript, 1);
	transcript.challenge();
	points(&mut transcript, fixture.plan.shape().degree as usize - 1);
	transcript.challenge();
	let end = fixture.proof.len() - 128;
	let evaluations = end - 32 * fixture.plan.work().evaluations as usize;
	for evaluation in fixture.proof[evaluations..end].as_chunks::<32>().0 {
		transcript.absorb_scalar(evaluation);
	}
	// y and v of the opening; its quotient; u.
	transcript.challenge();
	transcript.challenge();
	transcript.absorb_point(fixture.proof[end..].first_chunk::<64>().unwrap());
	transcript.challenge()
}

/// Its quotient's upper part is zero: an identity commitment.
pub fn minimal() -> Fixture {
	let values: Vec<_> = (1..=5).map(fr).collect();
	Fixture::new("minimal", 4, Minimal(values.clone()), values)
}

/// A [`Minimal`] circuit whose public inputs end in an accumulator (of no meaning: its limbs are
/// zero).
pub fn accumulating() -> Fixture {
	let layout = AccumulatorLayout {
		offset: 2,
		limbs: 3,
		bits: 88,
	};
	let values = vec![Fr::ZERO; 14];
	let circuit = Minimal(values.clone());
	Fixture::with_instances("accumulator", 5, circuit, &[values], Some(layout))
}

// --- lookups: one into a table of two columns, one of a single column ---

#[derive(Clone)]
pub struct Lookups(pub Vec<u64>);

#[derive(Clone)]
pub struct LookupConfig {
	a: Column<Advice>,
	b: Column<Advice>,
	instance: Column<Instance>,
	q: Selector,
	index: TableColumn,
	square: TableColumn,
}

impl Circuit<Fr> for Lookups {
	type Config = LookupConfig;
	type FloorPlanner = SimpleFloorPlanner;
	type Params = ();

	fn without_witnesses(&self) -> Self {
		self.clone()
	}

	fn configure(meta: &mut ConstraintSystem<Fr>) -> LookupConfig {
		let (a, b) = (meta.advice_column(), meta.advice_column());
		let instance = meta.instance_column();
		let q = meta.complex_selector();
		let (index, square) = (meta.lookup_table_column(), meta.lookup_table_column());
		meta.enable_equality(b);
		meta.enable_equality(instance);
		meta.lookup("squares", |meta| {
			let q = meta.query_selector(q);
			let a = meta.query_advice(a, Rotation::cur());
			let b = meta.query_advice(b, Rotation::cur());
			vec![(q.clone() * a, index), (q * b, square)]
		});
		meta.lookup("range", |meta| {
			// Selected: at the last usable row the next one holds blinding.
			let q = meta.query_selector(q);
			let a = meta.query_advice(a, Rotation::next());
			vec![(q * a, index)]
		});
		LookupConfig {
			a,
			b,
			instance,
			q,
			index,
			square,
		}
	}

	fn synthesize(&self, c: LookupConfig, mut l: impl Layouter<Fr>) -> Result<(), Error> {
		l.assign_table(
			|| "squares",
			|mut table| {
				for i in 0..16u64 {
					let row = i as usize;
					table.assign_cell(|| "i", c.index, row, || Value::known(fr(i)))?;
					table.assign_cell(|| "i²", c.square, row, || Value::known(fr(i * i)))?;
				}
				Ok(())
			},
		)?;
		let cells = l.assign_region(
			|| "values",
			|mut region| {
				let mut cells = Vec::new();
				for (row, value) in self.0.iter().enumerate() {
					c.q.enable(&mut region, row)?;
					region.assign_advice(c.a, row, Value::known(fr(*value)));
					let square = Value::known(fr(value * value));
					cells.push(region.assign_advice(c.b, row, square).cell());
				}
				Ok(cells)
			},
		)?;
		for (row, cell) in cells.into_iter().enumerate() {
			l.constrain_instance(cell, c.instance, row);
		}
		Ok(())
	}
}

pub fn lookups() -> Fixture {
	let values = vec![3, 0, 15, 7];
	let squares = values.iter().map(|v| fr(v * v)).collect();
	Fixture::new("lookups", 6, Lookups(values), squares)
}

// --- a permutation over several chunks, with a fixed column in it, and a degree of five ---

#[derive(Clone)]
pub struct Chunks {
	pub value: Fr,
	/// Degree of the gate.
	pub power: usize,
}

#[derive(Clone)]
pub struct ChunksConfig {
	advice: Vec<Column<Advice>>,
	instance: Column<Instance>,
	q: Selector,
}

impl Circuit<Fr> for Chunks {
	type Config = ChunksConfig;
	type FloorPlanner = SimpleFloorPlanner;
	type Params = usize;

	fn params(&self) -> usize {
		self.power
	}

	fn without_witnesses(&self) -> Self {
		self.clone()
	}

	fn configure_with_params(meta: &mut ConstraintSystem<Fr>, power: usize) -> ChunksConfig {
		let advice: Vec<_> = (0..6).map(|_| meta.advice_column()).collect();
		let (constant, instance) = (meta.fixed_column(), meta.instance_column());
		let q = meta.selector();
		meta.enable_constant(constant);
		for column in &advice {
			meta.enable_equality(*column);
		}
		meta.enable_equality(instance);
		meta.create_gate("power", |meta| {
			let q = meta.query_selector(q);
			let x = meta.query_advice(advice[0], Rotation::cur());
			let y = meta.query_advice(advice[1], Rotation::cur());
			let product = (0..power).fold(Expression::Constant(fr(3)), |acc, _| acc * x.clone());
			vec![q * (product - y * fr(3))]
		});
		ChunksConfig {
			advice,
			instance,
			q,
		}
	}

	fn configure(_: &mut ConstraintSystem<Fr>) -> ChunksConfig {
		unreachable!("configured with parameters")
	}

	fn synthesize(&self, c: ChunksConfig, mut l: impl Layouter<Fr>) -> Result<(), Error> {
		let power = self.value.pow([self.power as u64]);
		let out = l.assign_region(
			|| "values",
			|mut region| {
				c.q.enable(&mut region, 0)?;
				let x = region
					.assign_advice(c.advice[0], 0, Value::known(self.value))
					.cell();
				let y = region
					.assign_advice(c.advice[1], 0, Value::known(power))
					.cell();
				let mut last = y;
				for (row, column) in c.advice.iter().enumerate().skip(2) {
					let cell = region
						.assign_advice(*column, row, Value::known(power))
						.cell();
					region.constrain_equal(last, cell);
					last = cell;
				}
				let five = region
					.assign_advice(c.advice[0], 1, Value::known(fr(5)))
					.cell();
				region.constrain_constant(five, fr(5))?;
				Ok((x, last))
			},
		)?;
		l.constrain_instance(out.0, c.instance, 0);
		l.constrain_instance(out.1, c.instance, 1);
		Ok(())
	}
}

/// Eight columns in the permutation; degree 4, so two columns per product.
pub fn chunks() -> Fixture {
	let (value, power) = (fr(11), 3);
	let instance = vec![value, value.pow([power as u64])];
	Fixture::new("chunks", 5, Chunks { value, power }, instance)
}

// --- two phases: a random combination of first-phase columns in a second-phase column ---

#[derive(Clone)]
pub struct Phases(pub Vec<(Fr, Fr)>);

#[derive(Clone)]
pub struct PhasesConfig {
	combined: Column<Advice>,
	a: Column<Advice>,
	b: Column<Advice>,
	challenge: Challenge,
	q: Selector,
}

impl Circuit<Fr> for Phases {
	type Config = PhasesConfig;
	type FloorPlanner = SimpleFloorPlanner;
	type Params = ();

	fn without_witnesses(&self) -> Self {
		self.clone()
	}

	fn configure(meta: &mut ConstraintSystem<Fr>) -> PhasesConfig {
		let a = meta.advice_column_in(FirstPhase);
		// A column of the second phase before one of the first: proofs are ordered by phase.
		let dummy = meta.advice_column_in(FirstPhase);
		let early = meta.challenge_usable_after(FirstPhase);
		let combined = meta.advice_column_in(SecondPhase);
		let b = meta.advice_column_in(FirstPhase);
		let late = meta.challenge_usable_after(SecondPhase);
		let instance = meta.instance_column();
		let q = meta.selector();
		meta.create_gate("combine", |meta| {
			let q = meta.query_selector(q);
			let a = meta.query_advice(a, Rotation::cur());
			let b = meta.query_advice(b, Rotation::cur());
			let combined = meta.query_advice(combined, Rotation::cur());
			let dummy = meta.query_advice(dummy, Rotation::cur());
			let i = meta.query_instance(instance, Rotation::cur());
			let (early, late) = (meta.query_challenge(early), meta.query_challenge(late));
			let combination = a.clone() + early * b - combined;
			vec![
				q.clone() * (combination * late),
				q.clone() * (a - i),
				q * dummy,
			]
		});
		PhasesConfig {
			combined,
			a,
			b,
			challenge: early,
			q,
		}
	}

	fn synthesize(&self, c: PhasesConfig, mut l: impl Layouter<Fr>) -> Result<(), Error> {
		l.assign_region(
			|| "values",
			|mut region| {
				for (row, (a, b)) in self.0.iter().enumerate() {
					c.q.enable(&mut region, row)?;
					region.assign_advice(c.a, row, Value::known(*a));
					region.assign_advice(c.b, row, Value::known(*b));
				}
				region.next_phase();
				let challenge = region.get_challenge(c.challenge);
				for (row, (a, b)) in self.0.iter().enumerate() {
					region.assign_advice(c.combined, row, challenge.map(|r| *a + r * b));
				}
				Ok(())
			},
		)
	}
}

pub fn phases() -> Fixture {
	let values = vec![(fr(1), fr(2)), (fr(3), fr(4)), (fr(5), fr(6))];
	let instance = values.iter().map(|v| v.0).collect();
	Fixture::new("phases", 5, Phases(values), instance)
}

// --- rotations in both directions, of advice, fixed and instance columns ---

fn fibonacci(len: usize) -> Vec<Fr> {
	let mut values = vec![fr(1), fr(1)];
	while values.len() < len {
		values.push(values[values.len() - 1] + values[values.len() - 2]);
	}
	values
}

/// Row 3 and later are public, in the instance column three rows before.
pub fn rotations() -> Fixture {
	let len = 12;
	let instance = fibonacci(len).split_off(3);
	Fixture::new("rotations", 5, Rotations(len), instance)
}

#[derive(Clone)]
pub struct Rotations(pub usize);

impl Circuit<Fr> for Rotations {
	type Config = (Column<Advice>, [Column<Fixed>; 3]);
	type FloorPlanner = SimpleFloorPlanner;
	type Params = ();

	fn without_witnesses(&self) -> Self {
		self.clone()
	}

	fn configure(meta: &mut ConstraintSystem<Fr>) -> Self::Config {
		let (a, i) = (meta.advice_column(), meta.instance_column());
		let [step, public, even] = [(); 3].map(|()| meta.fixed_column());
		meta.create_gate("fibonacci", |meta| {
			let q = meta.query_fixed(step, Rotation::cur());
			let two_back = meta.query_advice(a, Rotation(-2));
			let back = meta.query_advice(a, Rotation::prev());
			let this = meta.query_advice(a, Rotation::cur());
			let ahead = meta.query_advice(a, Rotation(3));
			// `even` has period two.
			let periodic =
				meta.query_fixed(even, Rotation(-1)) - meta.query_fixed(even, Rotation(1));
			vec![q.clone() * (two_back + back - this), q * periodic * ahead]
		});
		meta.create_gate("public", |meta| {
			let q = meta.query_fixed(public, Rotation::cur());
			let back = meta.query_advice(a, Rotation::prev());
			let this = meta.query_advice(a, Rotation::cur());
			let public = meta.query_instance(i, Rotation(-3));
			let public_back = meta.query_instance(i, Rotation(-4));
			let next_public = meta.query_instance(i, Rotation::next());
			// `next_public` is never constrained, only evaluated.
			vec![
				q.clone() * (this - public),
				q.clone() * (back - public_back) * next_public,
			]
		});
		(a, [step, public, even])
	}

	fn synthesize(
		&self,
		(a, [step, public, even]): Self::Config,
		mut l: impl Layouter<Fr>,
	) -> Result<(), Error> {
		l.assign_region(
			|| "fibonacci",
			|mut region| {
				for (row, value) in fibonacci(self.0).into_iter().enumerate() {
					region.assign_advice(a, row, Value::known(value));
					if row >= 2 {
						region.assign_fixed(step, row, fr(1));
					}
					if row >= 4 {
						region.assign_fixed(public, row, fr(1));
					}
				}
				for row in 0..=self.0 {
					region.assign_fixed(even, row, fr(row as u64 % 2));
				}
				Ok(())
			},
		)
	}
}

// --- eight rows: rotations that meet modulo the domain ---

/// Queries an advice column at 2, which on eight rows is where the permutation's products are
/// opened at the last row (−6).
#[derive(Clone)]
pub struct SmallDomain(pub Fr);

impl Circuit<Fr> for SmallDomain {
	type Config = ([Column<Advice>; 2], Column<Instance>, Column<Fixed>);
	type FloorPlanner = SimpleFloorPlanner;
	type Params = ();

	fn without_witnesses(&self) -> Self {
		self.clone()
	}

	fn configure(meta: &mut ConstraintSystem<Fr>) -> Self::Config {
		let advice = [meta.advice_column(), meta.advice_column()];
		let (instance, unused) = (meta.instance_column(), meta.fixed_column());
		for column in advice {
			meta.enable_equality(column);
		}
		meta.enable_equality(instance);
		meta.create_gate("never", |meta| {
			let q = meta.query_fixed(unused, Rotation::cur());
			let cells = (0..3).map(|r| meta.query_advice(advice[0], Rotation(r)));
			let sum = cells.fold(Expression::Constant(fr(1)), |sum, cell| sum + cell);
			vec![q * sum]
		});
		(advice, instance, unused)
	}

	fn synthesize(
		&self,
		(advice, instance, _): Self::Config,
		mut l: impl Layouter<Fr>,
	) -> Result<(), Error> {
		let cells = l.assign_region(
			|| "copies",
			|mut region| {
				let a = region
					.assign_advice(advice[0], 0, Value::known(self.0))
					.cell();
				let b = region
					.assign_advice(advice[1], 1, Value::known(self.0))
					.cell();
				region.constrain_equal(a, b);
				Ok([a, b])
			},
		)?;
		for (row, cell) in cells.into_iter().enumerate() {
			l.constrain_instance(cell, instance, row);
		}
		Ok(())
	}
}

/// Its one fixed column is zero: an identity commitment in the plan.
pub fn small_domain() -> Fixture {
	Fixture::new("small-domain", 3, SmallDomain(fr(42)), vec![fr(42); 2])
}

// --- everything at once ---

/// A dot product with fixed weights, range-checked, copied, with the result public: the shape of
/// the circuits that the prover makes.
#[derive(Clone)]
pub struct Mixed {
	pub values: Vec<u64>,
	pub bits: u32,
}

#[derive(Clone)]
pub struct MixedConfig {
	x: Column<Advice>,
	sum: Column<Advice>,
	weight: Column<Fixed>,
	table: TableColumn,
	instance: Column<Instance>,
	q: Selector,
}

impl Circuit<Fr> for Mixed {
	type Config = MixedConfig;
	type FloorPlanner = SimpleFloorPlanner;
	type Params = ();

	fn without_witnesses(&self) -> Self {
		self.clone()
	}

	fn configure(meta: &mut ConstraintSystem<Fr>) -> MixedConfig {
		let (x, sum) = (meta.advice_column(), meta.advice_column());
		let (weight, instance) = (meta.fixed_column(), meta.instance_column());
		let table = meta.lookup_table_column();
		let q = meta.selector();
		for column in [x, sum] {
			meta.enable_equality(column);
		}
		meta.enable_equality(instance);
		meta.create_gate("accumulate", |meta| {
			let q = meta.query_selector(q);
			let x = meta.query_advice(x, Rotation::cur());
			let weight = meta.query_fixed(weight, Rotation::cur());
			let before = meta.query_advice(sum, Rotation::prev());
			let after = meta.query_advice(sum, Rotation::cur());
			vec![q * (before + x * weight - after)]
		});
		meta.lookup("range", |meta| {
			vec![(meta.query_advice(x, Rotation::cur()), table)]
		});
		MixedConfig {
			x,
			sum,
			weight,
			table,
			instance,
			q,
		}
	}

	fn synthesize(&self, c: MixedConfig, mut l: impl Layouter<Fr>) -> Result<(), Error> {
		l.assign_table(
			|| "range",
			|mut table| {
				for i in 0..1u64 << self.bits {
					table.assign_cell(|| "i", c.table, i as usize, || Value::known(fr(i)))?;
				}
				Ok(())
			},
		)?;
		let (inputs, output) = l.assign_region(
			|| "dot product",
			|mut region| {
				let mut sum = Fr::ZERO;
				let mut inputs = Vec::new();
				let mut output = region.assign_advice(c.sum, 0, Value::known(sum)).cell();
				for (i, value) in self.values.iter().enumerate() {
					let row = i + 1;
					c.q.enable(&mut region, row)?;
					region.assign_fixed(c.weight, row, fr(row as u64));
					inputs.push(
						region
							.assign_advice(c.x, row, Value::known(fr(*value)))
							.cell(),
					);
					sum += fr(*value) * fr(row as u64);
					output = region.assign_advice(c.sum, row, Value::known(sum)).cell();
				}
				Ok((inputs, output))
			},
		)?;
		for (row, cell) in inputs.into_iter().chain([output]).enumerate() {
			l.constrain_instance(cell, c.instance, row);
		}
		Ok(())
	}
}

/// A circuit of 2^`k` rows that uses half of them for its table.
pub fn mixed(k: u32) -> Fixture {
	let values: Vec<u64> = (0..20).map(|i| (i * 37) % 100).collect();
	let sum = values
		.iter()
		.enumerate()
		.map(|(i, v)| v * (i as u64 + 1))
		.sum();
	let instance = values.iter().copied().chain([sum]).map(fr).collect();
	Fixture::new(
		"mixed",
		k,
		Mixed {
			values,
			bits: k - 1,
		},
		instance,
	)
}
