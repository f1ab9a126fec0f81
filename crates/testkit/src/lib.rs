//! Strategies and oracles for property-testing policies (part of rolecall).
