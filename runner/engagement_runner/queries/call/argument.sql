{name} => {value}
