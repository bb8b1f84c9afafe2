drop role {name}
