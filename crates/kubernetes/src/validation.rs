//! What an API server would refuse, and in which words.
