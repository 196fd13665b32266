# ask_caller REGION: whose credentials these are.
ask_caller() {
  if ! caller=$(in_region "$1" sts get-caller-identity --query Account --output text); then
    stop 'cannot tell which account the credentials are for (aws sts get-caller-identity); nothing was changed'
  fi
}
