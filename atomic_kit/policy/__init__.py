"""Policy: findings about a package set, before anything is composed."""
