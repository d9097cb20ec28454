//! The fields: the base field, the scalar field, and the tower over the base field.
//!
//! In wasm the products of [`Fq`] and [`Fr`] are those of [`crate::montgomery`]; everything else,
//! and everything natively, is `ark_ff`'s. R is 2²⁵⁶ either way, so limbs in Montgomery form mean
//! the same everywhere.
//!
//! The tower is Fq2 = Fq\[u\] / (u² + 1), Fq6 = Fq2\[v\] / (v³ − ξ) with ξ = 9 + u, Fq12 =
//! Fq6\[w\] / (w² − v). Its numbers are those of `ark_bn254` (a test compares each).

use ark_ff::{
	AdditiveGroup, BigInt, Field, Fp, Fp12, Fp12Config, Fp2, Fp2Config, Fp6, Fp6Config,
	MontBackend, MontConfig, MontFp,
};

#[cfg(target_family = "wasm")]
use crate::montgomery;
use crate::montgomery::Modulus;

/// The arithmetic of one field in wasm, in place of `ark_ff`'s.
macro_rules! wasm_arithmetic {
	() => {
		#[cfg(target_family = "wasm")]
		#[inline]
		fn mul_assign(a: &mut Element<Self>, b: &Element<Self>) {
			a.0 = BigInt(multiply::<Self>(&a.0 .0, &b.0 .0));
		}

		#[cfg(target_family = "wasm")]
		#[inline]
		fn square_in_place(a: &mut Element<Self>) {
			a.0 = BigInt(square::<Self>(&a.0 .0));
		}

		#[cfg(target_family = "wasm")]
		#[inline]
		fn sum_of_products<const M: usize>(
			a: &[Element<Self>; M],
			b: &[Element<Self>; M],
		) -> Element<Self> {
			sum_of_products(a, b)
		}
	};
}

/// An element of the prime field of a configuration.
type Element<C> = Fp<MontBackend<C, 4>, 4>;

/// One function, not a copy for every caller: inlined, the code of a runtime would triple.
#[cfg(target_family = "wasm")]
#[inline(never)]
fn multiply<M: Modulus>(a: &[u64; 4], b: &[u64; 4]) -> [u64; 4] {
	montgomery::mul::<M>(a, b)
}

#[cfg(target_family = "wasm")]
#[inline(never)]
fn square<M: Modulus>(a: &[u64; 4]) -> [u64; 4] {
	montgomery::square::<M>(a)
}

#[cfg(target_family = "wasm")]
#[inline(never)]
fn sum_of_two_products<M: Modulus>(a: [&[u64; 4]; 2], b: [&[u64; 4]; 2]) -> [u64; 4] {
	montgomery::sum_of_two_products::<M>(a, b)
}

/// Σ aᵢ bᵢ, two products to a reduction.
#[cfg(target_family = "wasm")]
fn sum_of_products<C: MontConfig<4> + Modulus, const M: usize>(
	a: &[Element<C>; M],
	b: &[Element<C>; M],
) -> Element<C> {
	let mut sum = Element::<C>::ZERO;
	for (a, b) in a.chunks(2).zip(b.chunks(2)) {
		sum += match (a, b) {
			([a0, a1], [b0, b1]) => Fp::new_unchecked(BigInt(sum_of_two_products::<C>(
				[&a0.0 .0, &a1.0 .0],
				[&b0.0 .0, &b1.0 .0],
			))),
			([a], [b]) => *a * b,
			_ => Element::<C>::ZERO,
		};
	}
	sum
}

/// The base field: p = 36 x⁴ + 36 x³ + 24 x² + 6 x + 1, x = 4965661367192848881.
pub struct FqConfig;

/// An element of the base field.
pub type Fq = Element<FqConfig>;

impl MontConfig<4> for FqConfig {
	const MODULUS: BigInt<4> = ark_ff::BigInt!(
		"21888242871839275222246405745257275088696311157297823662689037894645226208583"
	);
	const GENERATOR: Fq = MontFp!("3");
	/// GENERATOR^((p − 1) / 2) = −1
	const TWO_ADIC_ROOT_OF_UNITY: Fq = MontFp!("-1");

	wasm_arithmetic!();
}

impl Modulus for FqConfig {
	const WORDS: [u64; 4] = <Self as MontConfig<4>>::MODULUS.0;
}

/// The scalar field: r = 36 x⁴ + 36 x³ + 18 x² + 6 x + 1, the order of the groups.
pub struct FrConfig;

/// A scalar.
pub type Fr = Element<FrConfig>;

impl MontConfig<4> for FrConfig {
	const MODULUS: BigInt<4> = ark_ff::BigInt!(
		"21888242871839275222246405745257275088548364400416034343698204186575808495617"
	);
	const GENERATOR: Fr = MontFp!("5");
	/// GENERATOR^((r − 1) / 2²⁸)
	const TWO_ADIC_ROOT_OF_UNITY: Fr =
		MontFp!("19103219067921713944291392827692070036145651957329286315305642004821462161904");
	const SMALL_SUBGROUP_BASE: Option<u32> = Some(3);
	const SMALL_SUBGROUP_BASE_ADICITY: Option<u32> = Some(2);
	/// GENERATOR^((r − 1) / (2²⁸ · 3²))
	const LARGE_SUBGROUP_ROOT_OF_UNITY: Option<Fr> = Some(MontFp!(
		"8001236115608269688640730372558895144313937963023562728862538587154079436142"
	));

	wasm_arithmetic!();
}

impl Modulus for FrConfig {
	const WORDS: [u64; 4] = <Self as MontConfig<4>>::MODULUS.0;
}

/// Configuration of [`Fq2`].
pub struct Fq2Config;

/// Fq\[u\] / (u² + 1)
pub type Fq2 = Fp2<Fq2Config>;

impl Fp2Config for Fq2Config {
	type Fp = Fq;
	const NONRESIDUE: Fq = MontFp!("-1");
	const FROBENIUS_COEFF_FP2_C1: &'static [Fq] = &[Fq::ONE, MontFp!("-1")];

	#[inline(always)]
	fn mul_fp_by_nonresidue_in_place(fe: &mut Fq) -> &mut Fq {
		fe.neg_in_place()
	}
}

/// Configuration of [`Fq6`].
#[derive(Clone, Copy)]
pub struct Fq6Config;

/// Fq2\[v\] / (v³ − ξ)
pub type Fq6 = Fp6<Fq6Config>;

impl Fp6Config for Fq6Config {
	type Fp2Config = Fq2Config;
	const NONRESIDUE: Fq2 = Fq2::new(MontFp!("9"), Fq::ONE);
	const FROBENIUS_COEFF_FP6_C1: &'static [Fq2] = &[
		// ξ^(((q^0) - 1) / 3)
		Fq2::new(Fq::ONE, Fq::ZERO),
		// ξ^(((q^1) - 1) / 3)
		Fq2::new(
			MontFp!(
				"21575463638280843010398324269430826099269044274347216827212613867836435027261"
			),
			MontFp!(
				"10307601595873709700152284273816112264069230130616436755625194854815875713954"
			),
		),
		// ξ^(((q^2) - 1) / 3)
		Fq2::new(
			MontFp!(
				"21888242871839275220042445260109153167277707414472061641714758635765020556616"
			),
			Fq::ZERO,
		),
		// ξ^(((q^3) - 1) / 3)
		Fq2::new(
			MontFp!("3772000881919853776433695186713858239009073593817195771773381919316419345261"),
			MontFp!("2236595495967245188281701248203181795121068902605861227855261137820944008926"),
		),
		// ξ^(((q^4) - 1) / 3)
		Fq2::new(
			MontFp!("2203960485148121921418603742825762020974279258880205651966"),
			Fq::ZERO,
		),
		// ξ^(((q^5) - 1) / 3)
		Fq2::new(
			MontFp!(
				"18429021223477853657660792034369865839114504446431234726392080002137598044644"
			),
			MontFp!("9344045779998320333812420223237981029506012124075525679208581902008406485703"),
		),
	];

	const FROBENIUS_COEFF_FP6_C2: &'static [Fq2] = &[
		// ξ^((2*(q^0) - 2) / 3)
		Fq2::new(Fq::ONE, Fq::ZERO),
		// ξ^((2*(q^1) - 2) / 3)
		Fq2::new(
			MontFp!("2581911344467009335267311115468803099551665605076196740867805258568234346338"),
			MontFp!(
				"19937756971775647987995932169929341994314640652964949448313374472400716661030"
			),
		),
		// ξ^((2*(q^2) - 2) / 3)
		Fq2::new(
			MontFp!("2203960485148121921418603742825762020974279258880205651966"),
			Fq::ZERO,
		),
		// ξ^((2*(q^3) - 2) / 3)
		Fq2::new(
			MontFp!("5324479202449903542726783395506214481928257762400643279780343368557297135718"),
			MontFp!(
				"16208900380737693084919495127334387981393726419856888799917914180988844123039"
			),
		),
		// ξ^((2*(q^4) - 2) / 3)
		Fq2::new(
			MontFp!(
				"21888242871839275220042445260109153167277707414472061641714758635765020556616"
			),
			Fq::ZERO,
		),
		// ξ^((2*(q^5) - 2) / 3)
		Fq2::new(
			MontFp!(
				"13981852324922362344252311234282257507216387789820983642040889267519694726527"
			),
			MontFp!("7629828391165209371577384193250820201684255241773809077146787135900891633097"),
		),
	];

	/// (9 + u)(c₀ + c₁u) = 9c₀ − c₁ + (9c₁ + c₀)u
	#[inline(always)]
	fn mul_fp2_by_nonresidue_in_place(fe: &mut Fq2) -> &mut Fq2 {
		let nine = fe.double().double().double() + *fe;
		*fe = Fq2::new(nine.c0 - fe.c1, nine.c1 + fe.c0);
		fe
	}
}

/// Configuration of [`Fq12`].
#[derive(Clone, Copy)]
pub struct Fq12Config;

/// Fq6\[w\] / (w² − v)
pub type Fq12 = Fp12<Fq12Config>;

impl Fp12Config for Fq12Config {
	type Fp6Config = Fq6Config;
	const NONRESIDUE: Fq6 = Fq6::new(Fq2::ZERO, Fq2::ONE, Fq2::ZERO);
	const FROBENIUS_COEFF_FP12_C1: &'static [Fq2] = &[
		// ξ^(((q^0) - 1) / 6)
		Fq2::new(Fq::ONE, Fq::ZERO),
		// ξ^(((q^1) - 1) / 6)
		Fq2::new(
			MontFp!("8376118865763821496583973867626364092589906065868298776909617916018768340080"),
			MontFp!(
				"16469823323077808223889137241176536799009286646108169935659301613961712198316"
			),
		),
		// ξ^(((q^2) - 1) / 6)
		Fq2::new(
			MontFp!(
				"21888242871839275220042445260109153167277707414472061641714758635765020556617"
			),
			Fq::ZERO,
		),
		// ξ^(((q^3) - 1) / 6)
		Fq2::new(
			MontFp!(
				"11697423496358154304825782922584725312912383441159505038794027105778954184319"
			),
			MontFp!("303847389135065887422783454877609941456349188919719272345083954437860409601"),
		),
		// ξ^(((q^4) - 1) / 6)
		Fq2::new(
			MontFp!(
				"21888242871839275220042445260109153167277707414472061641714758635765020556616"
			),
			Fq::ZERO,
		),
		// ξ^(((q^5) - 1) / 6)
		Fq2::new(
			MontFp!("3321304630594332808241809054958361220322477375291206261884409189760185844239"),
			MontFp!("5722266937896532885780051958958348231143373700109372999374820235121374419868"),
		),
		// ξ^(((q^6) - 1) / 6)
		Fq2::new(MontFp!("-1"), Fq::ZERO),
		// ξ^(((q^7) - 1) / 6)
		Fq2::new(
			MontFp!(
				"13512124006075453725662431877630910996106405091429524885779419978626457868503"
			),
			MontFp!("5418419548761466998357268504080738289687024511189653727029736280683514010267"),
		),
		// ξ^(((q^8) - 1) / 6)
		Fq2::new(
			MontFp!("2203960485148121921418603742825762020974279258880205651966"),
			Fq::ZERO,
		),
		// ξ^(((q^9) - 1) / 6)
		Fq2::new(
			MontFp!(
				"10190819375481120917420622822672549775783927716138318623895010788866272024264"
			),
			MontFp!(
				"21584395482704209334823622290379665147239961968378104390343953940207365798982"
			),
		),
		// ξ^(((q^10) - 1) / 6)
		Fq2::new(
			MontFp!("2203960485148121921418603742825762020974279258880205651967"),
			Fq::ZERO,
		),
		// ξ^(((q^11) - 1) / 6)
		Fq2::new(
			MontFp!(
				"18566938241244942414004596690298913868373833782006617400804628704885040364344"
			),
			MontFp!(
				"16165975933942742336466353786298926857552937457188450663314217659523851788715"
			),
		),
	];
}
