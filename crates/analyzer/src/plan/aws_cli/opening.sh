# The AWS CLI answers in JSON unless asked for text, words its errors as it always did, is patient, and waits for no key.
export AWS_PAGER='' AWS_CLI_AUTO_PROMPT=off AWS_CLI_ERROR_FORMAT=legacy AWS_DEFAULT_OUTPUT=json
export AWS_RETRY_MODE="${AWS_RETRY_MODE:-standard}" AWS_MAX_ATTEMPTS="${AWS_MAX_ATTEMPTS:-8}"

dry_run=no
for option in "$@"; do
  case $option in
    --dry-run) dry_run=yes ;;
    -h | --help)
      usage
      exit 0
      ;;
    *)
      printf 'unknown option: %s\n\n' "$option" >&2
      usage >&2
      exit 2
      ;;
  esac
done

added=0
revoked=0
before=0

say() {
  printf '%s\n' "$1"
}

# Ends the script; what it has done so far is told on the way out.
stop() {
  printf 'stopped: %s\n' "$1" >&2
  exit 1
}

# Runs on every way out, also after Ctrl-C.
finish() {
  local status=$?
  trap - EXIT
  if [[ $dry_run == yes ]]; then
    say "dry run: nothing was changed; rules to add: $added, to revoke: $revoked"
  else
    say "rules added: $added, revoked: $revoked, found as they should be: $before"
    if [[ ${refused:-0} -gt 0 && $status -eq 0 ]]; then
      say "refused calls: $refused (above); the rest is done; to try these again, run this script again" >&2
      status=1
    fi
    if [[ $status -ne 0 && $((added + revoked)) -gt 0 ]]; then
      say "$to_take_back" >&2
    fi
  fi
  exit "$status"
}
trap finish EXIT

command -v aws >/dev/null || stop 'the AWS CLI is missing; install it, or put aws on PATH'

# in_region REGION ARGUMENT...: the AWS CLI; without a region, with that of the environment.
in_region() {
  if [[ -n $1 ]]; then
    aws --region "$1" "${@:2}"
  else
    aws "${@:2}"
  fi
}
