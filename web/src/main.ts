import { mount } from 'svelte';
import App from './App.svelte';
import './app.css';
import { fetchEarly, source } from './source/current';
import { address } from './state.svelte';

void source();
const first_run = address.view === 'run' ? address.values['name'] : undefined;
if (first_run) fetchEarly(first_run);

const target = document.getElementById('page');
if (target) mount(App, { target });
